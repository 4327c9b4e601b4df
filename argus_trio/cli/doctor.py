"""`argus-trio doctor`: what is wrong, and what to do."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Final

import attrs
import trio

from argus_trio.cli.isolated.plans import plans_of
from argus_trio.cli.report import complain
from argus_trio.cli.tried import start_quietly, untold
from argus_trio.config.load import load
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.find import find_config
from argus_trio.core.groups import leaves
from argus_trio.core.redaction import Redactor
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.examine import LOOKS, examine
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.doctor.running import GatewaySearch
from argus_trio.errors import ConfigInvalid
from argus_trio.manage_client.clean import one_line
from argus_trio.manage_client.failure import FAILED, INTERRUPTED, CommandFailed
from argus_trio.manage_client.token import find_token
from argus_trio.manage_client.where import place_of
from argus_trio.sandbox.engine.probe import EngineProbe

ENGINE_SECONDS: Final = 10.0
"""How long the look for an engine may take: more than all that its probe waits for."""


def doctor(options: argparse.Namespace) -> int:
    """Look at everything; the exit code."""
    try:
        with untold():
            examination, findings = trio.run(_examined, options)
    except CommandFailed as failure:
        complain(f"argus-trio: {failure}")
        return failure.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaseExceptionGroup as group:
        if not all(isinstance(each, KeyboardInterrupt) for each in leaves(group)):
            raise
        return INTERRUPTED
    config = examination.config
    redact = Redactor(config.secrets if config is not None else ())
    _write(examination, findings, redact, as_json=getattr(options, "json", False))
    return FAILED if any(each.severity == "problem" for each in findings) else 0


async def _examined(options: argparse.Namespace) -> tuple[Examination, list[DoctorFinding]]:
    examination = await trio.to_thread.run_sync(_read, options, abandon_on_cancel=True)
    server = getattr(options, "server", None) or os.environ.get("ARGUS_URL")
    search = GatewaySearch(
        path=examination.path,
        config=examination.config,
        environ=os.environ,
        named=place_of(server, "--server" if getattr(options, "server", None) else "$ARGUS_URL") if server else None,
        token=find_token(getattr(options, "token_file", None), os.environ, complain),
    )
    examination = attrs.evolve(
        examination,
        running=await search.find(),
        start=None if options.no_start else start_quietly,
        wait_seconds=options.wait,
    )
    if examination.config is not None:
        stdio = [each for each in examination.backends if isinstance(each, StdioBackend)]
        plans = await plans_of(EngineProbe(environ=examination.environ), stdio, ENGINE_SECONDS)
        examination = attrs.evolve(examination, plans=tuple(plans))
    return examination, await examine(examination)


def _read(options: argparse.Namespace) -> Examination:
    """What is examined, as far as the file says it."""
    cwd, environ = Path.cwd(), os.environ
    home = Path(environ.get("HOME") or "/")
    path: Path | None = None
    config: Config | None = None
    invalid: ConfigInvalid | None = None
    try:
        path = find_config(options.config, environ=environ, cwd=cwd).absolute()
        config = load(path, environ=environ)
    except ConfigInvalid as error:
        invalid = error
    return Examination(
        path=path,
        config=config,
        invalid=invalid,
        environ=environ,
        home=home,
        cwd=cwd,
        start=None if options.no_start else start_quietly,
        wait_seconds=options.wait,
    )


def _write(examination: Examination, findings: list[DoctorFinding], redact: Redactor, *, as_json: bool) -> None:
    if as_json:
        path = None if examination.path is None else str(examination.path)
        answer = {
            "path": path,
            "looked_at": [each.name for each in LOOKS],
            "findings": [attrs.asdict(each) for each in findings],
        }
        sys.stdout.write(redact(json.dumps(answer, indent=2)) + "\n")
        return
    for finding in findings:
        told = f"{finding.about}: {finding.what}\n  {finding.advice}"
        sys.stdout.write(redact("\n".join(map(one_line, told.split("\n")))) + "\n")
