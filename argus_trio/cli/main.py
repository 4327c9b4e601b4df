"""The command `argus-trio`: from its arguments to an exit code. Each command loads what it needs, and nothing else."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from argus_trio.cli.arguments.parser import parser

_STDERR: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    _hold_standard_descriptors()
    whole = parser()
    options = whole.parse_args(arguments)
    if (
        options.command in _COMMANDS
        and options.command not in ("tui", "doctor")
        and not getattr(options, "live", False)
    ):
        for name in ("server", "token_file", "json"):
            if hasattr(options, name) and not (name == "json" and options.command == "isolation"):
                needs = "needs --live here" if options.command == "explain" else "is for what asks a running gateway"
                whole.error(f"--{name.replace('_', '-')} {needs}")
    run = _COMMANDS.get(options.command, _verb)
    return run(options) or 0


def _hold_standard_descriptors() -> None:
    """Open what of stdin, stdout and stderr is closed as /dev/null: nothing else may get their numbers, and be written
    to as the log."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(opened)


def _serve(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.gateway import serve

    return serve(options)


def _demo(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.gateway import demo

    return demo(options)


def _stdio(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.bridge import stdio

    return stdio(options)


def _check(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.file import check

    return check(options)


def _explain(options: argparse.Namespace) -> int | None:
    if options.live:
        return _verb(options)
    from argus_trio.cli.file import explain_file

    return explain_file(options)


def _isolation(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.isolated.command import isolation

    return isolation(options)


def _schema(_: argparse.Namespace) -> int | None:
    from argus_trio.cli.file import print_schema

    return print_schema()


def _completion(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.completion import script

    sys.stdout.write(script(options.shell))
    return None


def _build(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.images.build import build

    return build(options)


def _clean(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.images.clean import clean

    return clean(options)


def _tui(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.dashboard import tui

    return tui(options)


def _import(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.importing import import_files

    return import_files(options)


def _client(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.client import client

    return client(options)


def _doctor(options: argparse.Namespace) -> int | None:
    from argus_trio.cli.doctor import doctor

    return doctor(options)


def _verb(options: argparse.Namespace) -> int:
    from argus_trio.verbs.run import run_verb

    return run_verb(options)


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int | None]]] = {
    "serve": _serve,
    "demo": _demo,
    "stdio": _stdio,
    "check": _check,
    "explain": _explain,
    "isolation": _isolation,
    "schema": _schema,
    "build": _build,
    "clean": _clean,
    "completion": _completion,
    "tui": _tui,
    "import": _import,
    "client": _client,
    "doctor": _doctor,
}
