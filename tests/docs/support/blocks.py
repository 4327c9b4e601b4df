"""The fenced blocks of a page, each with the notes that stand right above it: how it is tried."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import attrs

from tests.docs.support.pages import NAMES, text_of

FENCE = re.compile(r"(?P<indent> *)(?P<ticks>`{3,})(?P<language>[\w-]*)\s*")
NOTE = re.compile(r"\s*<!-- (?P<word>[a-z ]+?)(?:: (?P<value>.*?))? -->\s*")
HEADING = re.compile(r"#+ (?P<title>.*)")
LANGUAGES = ("yaml", "json", "sh", "bash", "console", "python", "ini", "dockerfile", "text")
WORDS = MappingProxyType(
    {
        "not run": "a `sh` or `console` block, or its lines with these programs: PROGRAM, PROGRAM: REASON",
        "not ours": "a file of another program: its syntax is looked at, no more; whose it is",
        "sketch": "what stands for more than it says: its syntax is looked at, no more; why",
        "in": "the key of a whole configuration below which a fragment stands, such as backends.files",
        "as": "the file that a `yaml` block is: config.yaml, or the dashboard's servers.yaml",
        "refused": "a configuration that is refused, with a problem of these words",
        "answer": "a `json` block is the answer of this operation of the management API, such as GET /reload",
        "client": "a `json` block is what `argus-trio client` prints with these arguments",
        "with": "what stands for what in a block: NAME=VALUE NAME=VALUE",
        "exits": "the exit code of the last command of a block",
        "test command": ".ci/run reads the block below it",
    }
)


@attrs.frozen(kw_only=True)
class Block:
    """One fenced block. `line` is that of its first line of text, counted from 1."""

    page: str
    line: int
    heading: str
    language: str
    text: str
    """Without the indentation of its fence."""
    notes: Mapping[str, str]

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def dedented(self) -> str:
        return textwrap.dedent(self.text)


class Unreadable(AssertionError):
    """A page has a fence that nobody closes, or a note that nobody knows."""


def blocks_of(page: str, text: str) -> Iterator[Block]:
    """The blocks of a page in its order. Raises: Unreadable."""
    lines = text.split("\n")
    heading, notes, number = "", dict[str, str](), 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if note := NOTE.fullmatch(line):
            notes[note["word"]] = note["value"] or ""
            continue
        if fence := FENCE.fullmatch(line):
            end = _end(lines, number, fence["ticks"], f"{page}:{number}")
            _known(notes, fence["language"], f"{page}:{number}")
            taken = [each.removeprefix(fence["indent"]) for each in lines[number:end]]
            yield Block(
                page=page,
                line=number + 1,
                heading=heading,
                language=fence["language"],
                text="".join(f"{each}\n" for each in taken),
                notes=MappingProxyType(notes),
            )
            number = end + 1
        elif titled := HEADING.fullmatch(line):
            heading = titled["title"]
        if line.strip():
            if notes and not fence and set(notes) & WORDS.keys():
                raise Unreadable(f"{page}:{number}: no block stands right below the note {', '.join(notes)!r}")
            notes = {}


def _end(lines: list[str], start: int, ticks: str, where: str) -> int:
    for number in range(start, len(lines)):
        if lines[number].strip() == ticks:
            return number
    raise Unreadable(f"{where}: the block is not closed")


def _known(notes: Mapping[str, str], language: str, where: str) -> None:
    if unknown := notes.keys() - WORDS.keys():
        raise Unreadable(f"{where}: nobody knows the note {', '.join(sorted(unknown))!r}; there are {', '.join(WORDS)}")
    if language not in LANGUAGES:
        raise Unreadable(f"{where}: a block has one of the languages {', '.join(LANGUAGES)}, not {language!r}")


def all_blocks(*languages: str) -> list[Block]:
    """Those of every page in these languages."""
    return [block for name in NAMES for block in blocks_of(name, text_of(name)) if block.language in languages]
