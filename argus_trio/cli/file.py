"""`argus-trio check`, `explain` and `schema`: what a configuration says, without running it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Collection
from functools import partial
from pathlib import Path

from argus_trio.cli.report import complain, reported
from argus_trio.config.check.authorization.explain import NoQuestion, Question, explain
from argus_trio.config.check.report import render_checked
from argus_trio.config.load import ContainedNames, load, unknown_yet
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.find import find_config
from argus_trio.config.structure.schema import schema
from argus_trio.core.redaction import Redactor
from argus_trio.pipeline.build import build_pipeline


def check(options: argparse.Namespace) -> int:
    """Check a configuration; the exit code."""
    return reported(partial(_check, options))


def _load(options: argparse.Namespace, contained: ContainedNames = unknown_yet) -> tuple[Path, Config]:
    path = find_config(options.config, environ=os.environ, cwd=Path.cwd())
    return path, load(path, environ=os.environ, contained=contained)


def _check(options: argparse.Namespace) -> None:
    told = ""

    def contained(config: Config) -> Collection[str]:
        nonlocal told
        specs = [each for each in config.backends.values() if isinstance(each, StdioBackend) and each.enabled]
        if all(each.container.setting == "off" for each in specs):
            return ()
        from argus_trio.cli.isolated.plans import planned_for_check
        from argus_trio.sandbox.engine.probe import EngineProbe

        planned = planned_for_check(specs, EngineProbe(environ=os.environ))
        told = planned.line
        return planned.not_bare

    path, config = _load(options, contained)
    build_pipeline(config, source=str(path), folder=path.absolute().parent)
    sys.stdout.write(render_checked(str(path), config) + "\n")
    sys.stdout.flush()
    if told:
        sys.stdout.write(Redactor(config.secrets)(told) + "\n")


def explain_file(options: argparse.Namespace) -> int:
    """Say whether somebody may use something, by the file; the exit code."""
    return reported(partial(_explain, options))


def _explain(options: argparse.Namespace) -> int:
    _, config = _load(options)
    question = Question(
        principal=options.principal,
        name=options.name,
        roles=tuple(options.role),
        arguments=options.args,
        endpoint=options.endpoint,
    )
    try:
        explanation = explain(config, question)
    except NoQuestion as error:
        complain(f"argus-trio: {error}")
        return 2
    sys.stdout.write("\n  ".join(explanation.lines) + "\n")
    return 0 if explanation.is_allowed else 1


def print_schema() -> int:
    """Print the JSON Schema of the configuration; the exit code."""
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
    return 0
