"""How a command ends that asks a running gateway: the exit codes, and the failure that carries one with what to say."""

from __future__ import annotations

from typing import Final

DONE: Final = 0
FAILED: Final = 1
"""Refused, or it did not work; the message says which."""
USAGE: Final = 2
"""What was written on the command line cannot be used."""
NOT_REACHED: Final = 3
"""No gateway answers there."""
NOT_ALLOWED: Final = 4
"""The gateway answers, and does not let who asks do this (401, 403)."""
TOOL_ERROR: Final = 5
"""The tool ran and says that it failed."""
INTERRUPTED: Final = 130
"""By Ctrl-C."""


class CommandFailed(Exception):
    """A command cannot go on. `raw` is the gateway's own answer, where it gave one."""

    def __init__(self, message: str, code: int = FAILED, *, raw: bytes = b"") -> None:
        super().__init__(message)
        self.code = code
        self.raw = raw
