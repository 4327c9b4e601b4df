"""The completion scripts, made of the parser by shtab: `python -m tests.cli.completions` writes them anew."""

from __future__ import annotations

from pathlib import Path

import shtab

from argus_trio.cli import completion
from argus_trio.cli.arguments.parser import parser

FOLDER = Path(completion.__file__).parent / "completions"
SHELLS = ("bash", "zsh", "fish")


def made(shell: str) -> str:
    return str(shtab.complete(parser(), shell)).rstrip() + "\n"


if __name__ == "__main__":
    for name in SHELLS:
        (FOLDER / f"argus-trio.{name}").write_text(made(name))
