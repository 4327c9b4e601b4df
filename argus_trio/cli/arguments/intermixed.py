"""Arguments as people write them: options before and behind what stands alone, and errors that say what to write."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final, NoReturn

WORDS_OF_THE_ORIGINAL: Final = {
    "server": "write `argus-trio serve`",
    "start": "write `argus-trio serve`",
    "stop": "write `argus-trio shutdown`, or stop its service",
    "secret": "secrets are files or variables here: docs/configuration.md",
    "reconnect": "write `argus-trio restart BACKEND`",
    "reauth": "write `argus-trio restart BACKEND`",
    "validate": "write `argus-trio check`, or `argus-trio config validate` to ask the running gateway",
    "health": "write `argus-trio status`",
    "batch": "write `argus-trio status`, or ask GET /manage/v1/batch",
    "audit": "write `argus-trio exchanges --done`, or log requests by the middleware `logging`",
    "resources": "ask GET /manage/v1/capabilities; `argus-trio read URI` reads one",
    "prompts": "ask GET /manage/v1/capabilities; `argus-trio prompt NAME` gets one",
    "metrics": "ask GET /manage/v1/metrics",
    "secrets": "secrets are files or variables here: docs/configuration.md",
    "auth": "clients are let in by the middleware `authentication`: docs/middleware.md",
    "groups": "there are no groups here: `argus-trio backends` lists the backends",
    "registry": "servers are written into the configuration file here: docs/configuration.md",
    "skills": "there are no skills here",
    "workflows": "there are no workflows here",
    "operations": "there are none here: `argus-trio --help` lists the commands",
    "containers": "write `argus-trio isolation`, or `argus-trio backends BACKEND`",
    "pods": "write `argus-trio isolation`: Docker and Podman are the engines there are",
    "wizard": "write `argus-trio import`: it makes a configuration of the servers that your clients have",
    "init": "write `argus-trio import`: it makes a configuration of the servers that your clients have",
    "setup": "write `argus-trio import`, then `argus-trio client CLIENT --write`",
    "add": "write it into backends: of the file, which a running gateway reads again; or `argus-trio import FILE`",
    "connect": "write `argus-trio client CLIENT`",
    "export": "write `argus-trio client CLIENT` for a client's file, `argus-trio config` for what runs",
    "diagnose": "write `argus-trio doctor`",
    "version": "write `argus-trio --version`",
    "help": "write `argus-trio --help`",
}
"""Commands of the original Argus that have another name here, or none, and what others expect."""
_IN_ENVIRONMENT: Final = "arguments are no place for a secret: put it into $ARGUS_TOKEN or a file for --token-file"
_AS_SERVICE: Final = "a service manager keeps it in the background: docs/systemd.md"
OPTIONS_OF_THE_ORIGINAL: Final = {
    "--token": _IN_ENVIRONMENT,
    "-t": _IN_ENVIRONMENT,
    "-s": "write --server URL",
    "-o": "write --json",
    "--output": "write --json",
    "--no-color": "set NO_COLOR=1",
    "--theme": "Ctrl-T in `argus-trio tui` changes the palette, and NO_COLOR=1 takes colours away",
    "--servers-config": "write --servers PATH to `argus-trio tui` (docs/dashboard.md), else --server URL",
    "-d": _AS_SERVICE,
    "--detach": _AS_SERVICE,
    "--name": _AS_SERVICE,
    "-v": "write `serve --log-level debug`",
    "-vv": "write `serve --log-level debug`",
    "-q": "write `serve --log-level warning`",
    "--parallel": "server.concurrent_starts in the file says how many start at once",
    "--no-parallel": "server.concurrent_starts: 1 in the file",
    "--auto-reauth": "there is no such thing here",
}
"""The same of its options."""


_UNRECOGNIZED: Final = "unrecognized arguments: "


def _with_hint(message: str) -> str:
    """What cannot be understood, with what to write; what stands behind an option may be a secret, and is not told."""
    first = message.removeprefix(_UNRECOGNIZED).split(" ")[0]
    option = first.partition("=")[0]
    hint = OPTIONS_OF_THE_ORIGINAL.get(option)
    if hint is not None:
        return f"there is no option {option} here: {hint}"
    if first.endswith((".yaml", ".yml", ".json")):
        return f"{message}; write `-c {first}` for a configuration"
    if not first.startswith("-"):
        return f"{message}; each command stands alone: `argus-trio --help` lists them"
    return message


class CommandParser(argparse.ArgumentParser):
    """A parser of whole commands that knows the words of the original."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, with a hint where a word of the original Argus stands for a command."""
        before, found, after = message.partition("invalid choice: '")
        word = after.partition("'")[0]
        if found and "COMMAND" in before:
            hint = WORDS_OF_THE_ORIGINAL.get(word) or "`argus-trio --help` lists the commands"
            message = f"there is no command {word!r}: {hint}"
        if message.startswith(_UNRECOGNIZED):
            message = _with_hint(message)
        super().error(message)


class IntermixedParser(CommandParser):
    """The parser of one verb: its options may stand anywhere among its arguments."""

    _is_inside = False

    def parse_known_args(  # type: ignore[override]  # argparse's overloads say the same
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Read arguments, options among them."""
        if self._is_inside:
            return super().parse_known_args(args, namespace)
        self._is_inside = True
        try:
            found, left = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_inside = False
        if left:
            hint = "; a value that begins with - stands behind --" if left[0].startswith("-") else ""
            self.error(f"unrecognized arguments: {' '.join(left)}{hint}")
        return found, left
