"""Scripts that complete the command in a shell. They are made of its parser by `shtab` and kept beside this file, for
making one takes longer than a command may; `python -m tests.cli.completions` makes them anew."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_SCRIPTS: Final = Path(__file__).parent / "completions"


def script(shell: str) -> str:
    """The script of a shell."""
    return (_SCRIPTS / f"argus-trio.{shell}").read_text(encoding="utf-8")
