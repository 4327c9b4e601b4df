"""The command lines of a `sh`, `console` or `bash` block, which programs they start, and which of them are run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import attrs

from tests.docs.support.blocks import Block
from tests.docs.support.exempt import reason_of

RUNNABLE = frozenset({"argus-trio", "curl", "jq", "openssl", "printf", "export"})
"""The programs that are run where a block does not say otherwise: no page can make the tests start another."""
OF_OUR_PROGRAM = "needs a container engine"
"""The reason for which a line that starts only programs that can be run is not run."""
PROMPT = "$ "
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
OPERATORS = frozenset({"&&", "||", "|", ";", "&", "(", ")", "$"})
REDIRECTIONS = frozenset({">", ">>", "<", "2>", "<<<"})


@attrs.frozen(kw_only=True)
class ShellLine:
    """One command line, its continuations included. `number` is its line on the page."""

    number: int
    text: str
    shown: tuple[str, ...] = ()
    """The output that a `console` block shows below it."""

    @property
    def commands(self) -> list[list[str]]:
        """The words of each program that it starts, redirections left out."""
        return list(_commands(self.text))

    @property
    def programs(self) -> set[str]:
        return {words[0] for words in self.commands}


def lines_of(block: Block) -> list[ShellLine]:
    """The command lines of a block; a `bash` block is one script, and has none."""
    found: list[ShellLine] = []
    number, lines = 0, block.text.split("\n")
    while number < len(lines):
        start, line = number, lines[number]
        number += 1
        if block.language == "console":
            if not line.startswith(PROMPT):
                if found and line:
                    found[-1] = attrs.evolve(found[-1], shown=(*found[-1].shown, line))
                continue
            line = line.removeprefix(PROMPT)
        while line.endswith("\\") and number < len(lines):
            line = f"{line[:-1]} {lines[number].strip()}"
            number += 1
        if line.strip() and not line.lstrip().startswith("#"):
            found.append(ShellLine(number=block.line + start, text=line))
    return found


def _commands(text: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    words: list[str] = []
    skip = False
    for token in lexer:
        if skip and token not in OPERATORS:
            skip = False
        elif token in REDIRECTIONS:
            skip = True
        elif token in OPERATORS:
            skip = False
            if words:
                yield words
            words = []
        elif words or not ASSIGNMENT.fullmatch(token):
            words.append(token)
    if words:
        yield words


def run_of(block: Block) -> tuple[list[ShellLine], list[tuple[ShellLine, str]]]:
    """The lines that are run, and those that are not with the reason.

    Raises: AssertionError: a line starts a program that nobody runs, and no note says why.
    """
    programs, reason = reason_of(block.notes["not run"]) if "not run" in block.notes else (frozenset(), "")
    runs, others = [], []
    for line in lines_of(block):
        excused = programs or (line.programs if reason == OF_OUR_PROGRAM else line.programs - RUNNABLE)
        if reason and line.programs & excused:
            others.append((line, reason))
            continue
        unknown = line.programs - RUNNABLE
        assert not unknown, f"{block.page}:{line.number}: nobody runs {', '.join(sorted(unknown))}; say why in a note"
        runs.append(line)
    named = {each for line, _ in others for each in line.programs}
    assert programs <= named, f"{block.where}: no line has {', '.join(sorted(programs - named))}"
    return runs, others
