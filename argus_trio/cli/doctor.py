"""`argus-trio doctor`: what is wrong, and what to do."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
import trio

from argus_trio.cli.findings import write_findings, write_json
from argus_trio.cli.isolated.plans import plans_of
from argus_trio.cli.report import complain
from argus_trio.cli.tried import start_quietly, untold
from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.groups import leaves
from argus_trio.core.redaction import Redactor
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.examine import Examined, examine
from argus_trio.doctor.reading import ExaminedFile
from argus_trio.doctor.running import GatewaySearch
from argus_trio.manage_client.failure import DONE, FAILED, INTERRUPTED, CommandFailed
from argus_trio.manage_client.token import find_token
from argus_trio.manage_client.where import GatewayPlace, place_of
from argus_trio.sandbox.engine.probe import EngineProbe
from argus_trio.sandbox.rooms import BackendPlan
from argus_trio.verbs.run import read_no_more
from argus_trio.verbs.show.terminal import this_terminal

ENGINE_SECONDS: Final = 10.0
"""How long the look for an engine may take: more than all that its probe waits for."""


def doctor(options: argparse.Namespace) -> int:
    """Look at everything; the exit code."""
    try:
        if sys.stderr.isatty() and not options.no_start:
            complain(f"looking; backends that are starting are waited for, {options.wait:g} s at most")
        with untold():
            examination, examined = trio.run(_examined, options)
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
    write = write_json if getattr(options, "json", False) else write_findings
    try:
        write(examination, examined, this_terminal(), redact)
        sys.stdout.flush()
    except BrokenPipeError:
        read_no_more()
    return FAILED if any(each.severity == "problem" for each in examined.findings) else DONE


async def _examined(options: argparse.Namespace) -> tuple[Examination, Examined]:
    named, token = _named(options), find_token(getattr(options, "token_file", None), os.environ, complain)
    file = ExaminedFile(named=options.config, environ=os.environ, cwd=Path.cwd(), plan=_planned)
    examination = await trio.to_thread.run_sync(file.read, abandon_on_cancel=True)
    search = GatewaySearch(
        path=examination.path,
        config=examination.config,
        environ=os.environ,
        named=named,
        token=token,
    )
    examination = attrs.evolve(
        examination,
        running=await search.find(),
        start=None if options.no_start else start_quietly,
        wait_seconds=0.0 if options.no_start else options.wait,
    )
    return examination, await examine(examination)


def _named(options: argparse.Namespace) -> GatewayPlace | None:
    """The gateway that the user names. Raises CommandFailed for what is no address."""
    if server := getattr(options, "server", None):
        return place_of(server, "--server")
    server = os.environ.get("ARGUS_URL")
    return place_of(server, "$ARGUS_URL") if server else None


def _planned(specs: Sequence[StdioBackend], environ: Mapping[str, str]) -> list[BackendPlan]:
    """How these would be isolated; called in a thread of trio's."""
    return trio.from_thread.run(plans_of, EngineProbe(environ=environ), specs, ENGINE_SECONDS)
