"""Scripts that complete the command in a shell, made of its parser. They call nothing of ours: a tab is free."""

from __future__ import annotations

import shtab

from argus_trio.cli.parser import parser


def script(shell: str) -> str:
    """The script of a shell."""
    return str(shtab.complete(parser(), shell)) + "\n"
