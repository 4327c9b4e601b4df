"""Arguments as people write them: options before and behind what stands alone, and errors that say what to write."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final, NoReturn

WORDS_OF_THE_ORIGINAL: Final = {
    "server": "write `argus-trio serve`",
    "start": "write `argus-trio serve`",
    "stop": "write `argus-trio shutdown`, or stop its service",
    "client": "its verbs stand alone here: `argus-trio status`, `argus-trio tools`",
    "tui": "write `argus-trio status`, `argus-trio backends` or `argus-trio events -f`",
    "secret": "secrets are files or variables here: docs/configuration.md",
    "build": "there is nothing to build: `argus-trio serve` prepares what its backends need",
    "clean": "there is nothing to clean: `argus-trio serve` leaves nothing behind",
    "reconnect": "write `argus-trio restart BACKEND`",
    "reauth": "write `argus-trio restart BACKEND`",
    "validate": "write `argus-trio check`, or `argus-trio config validate` to ask the running gateway",
    "health": "write `argus-trio status`",
    "batch": "write `argus-trio status`, or ask GET /manage/v1/batch",
    "audit": "write `argus-trio exchanges --done`, or configure the middleware `audit`",
    "resources": "ask GET /manage/v1/capabilities; `argus-trio read URI` reads one",
    "prompts": "ask GET /manage/v1/capabilities; `argus-trio prompt NAME` gets one",
}
"""Commands of the original Argus that have another name here, or none."""


class CommandParser(argparse.ArgumentParser):
    """A parser of whole commands that knows the words of the original."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, with a hint where a word of the original Argus stands for a command."""
        before, found, after = message.partition("invalid choice: '")
        word = after.partition("'")[0]
        if found and "COMMAND" in before:
            hint = WORDS_OF_THE_ORIGINAL.get(word) or "`argus-trio --help` lists the commands"
            message = f"there is no command {word!r}: {hint}"
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
