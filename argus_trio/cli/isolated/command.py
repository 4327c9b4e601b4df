"""`argus-trio isolation`: how each stdio backend would be isolated, by the file and the engine of this machine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import trio

from argus_trio.cli.isolated.images import images_of
from argus_trio.cli.isolated.plans import plans_of
from argus_trio.cli.isolated.shown import FoundPlans, write_plans
from argus_trio.cli.logged import logging
from argus_trio.cli.report import complain, reported
from argus_trio.config.load import load
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.find import find_config
from argus_trio.core.log_level import CurrentLevel
from argus_trio.core.redaction import Redactor
from argus_trio.sandbox.engine.probe import EngineProbe
from argus_trio.verbs.run import read_no_more
from argus_trio.verbs.show.terminal import this_terminal

LOOK_SECONDS: Final = 10.0
"""How long the look for an engine may take: more than all that the probe waits for, and one that hangs is told."""


def isolation(options: argparse.Namespace) -> int:
    """Show how the backends of a configuration would be isolated; the exit code: 1 if one of them would not run."""
    try:
        code = reported(partial(_isolation, options))
        sys.stdout.flush()
    except BrokenPipeError:
        return read_no_more()
    return code


def _isolation(options: argparse.Namespace) -> int:
    config = load(find_config(options.config, environ=os.environ, cwd=Path.cwd()), environ=os.environ)
    chosen = _chosen(config, options.backend)
    if chosen is None:
        return 2
    redact = Redactor(config.secrets)
    with logging("console", CurrentLevel("error"), redact):
        found = trio.run(_found, config, chosen, redact)
    terminal = this_terminal()
    if options.json:
        terminal.line(redact(json.dumps(found.answer(), indent=2)))
    else:
        write_plans(found, terminal, redact, is_one=options.backend is not None)
    return 1 if found.has_refused else 0


def _chosen(config: Config, name: str | None) -> Sequence[StdioBackend] | None:
    """The stdio backends that are meant; None if there is none of that name, which is told then."""
    known = {key: each for key, each in config.backends.items() if isinstance(each, StdioBackend)}
    if name is None:
        return [each for each in known.values() if each.enabled]
    if name in known:
        return [known[name]]
    if name in config.backends:
        complain(f"argus-trio: {name} is no stdio backend: a server elsewhere is isolated where it runs")
    else:
        complain(f"argus-trio: there is no backend {name!r}" + (f"; there are: {', '.join(known)}" if known else ""))
    return None


async def _found(config: Config, specs: Sequence[StdioBackend], redact: Redactor) -> FoundPlans:
    planned = await plans_of(EngineProbe(environ=os.environ), specs, LOOK_SECONDS)
    return FoundPlans(setting=config.isolation, planned=planned, images=await images_of(planned, redact))
