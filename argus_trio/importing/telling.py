"""What the user is told of an import: first what would run on this machine, then the notes, then the sum."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from argus_trio.importing.result import ImportedConfig, ImportNote, NoteKind
from argus_trio.importing.servers import backends_of

_HEADS: Final[Mapping[NoteKind, str]] = {
    "taken": "taken",
    "changed": "changed",
    "left out": "left out",
    "do": "to do before it works",
}
"""The kinds of notes in the order in which they are told: what is to be done is read last."""


def told_commands(imported: ImportedConfig) -> Iterator[str]:
    """Each command line that would run, and each address; secrets are variables already."""
    commands, addresses = [], []
    for name, entry in backends_of(imported).items():
        if not isinstance(entry, Mapping):
            continue
        off = "  (disabled)" if entry.get("enabled") is False else ""
        if "command" in entry:
            args = entry.get("args")
            words = [str(entry["command"]), *map(str, args if isinstance(args, list) else ())]
            commands.append(f"  {name}: {printable(' '.join(map(shlex.quote, words)))}{off}")
        elif "url" in entry:
            addresses.append(f"  {name}: {printable(str(entry['url']))}{off}")
    if commands:
        yield f"{counted(len(commands), 'command')} would run on this machine, as you:"
        yield from commands
    if addresses:
        yield f"{counted(len(addresses), 'address', 'addresses')} would be connected to:"
        yield from addresses


def told_notes(imported: ImportedConfig) -> Iterator[str]:
    """The notes, by kind."""
    for kind, head in _HEADS.items():
        notes = dict.fromkeys(each for each in imported.notes if each.kind == kind)
        yield from _under(head, [each for each in notes if not each.is_refusal])
        yield from _under("refused", [each for each in notes if each.is_refusal])
    if imported.needed:
        yield f"variables without a value ({len(imported.needed)}):"
        for name, about in imported.needed.items():
            yield f"  {name}: {printable(about)}" if about else f"  {name}"


def _under(head: str, notes: Sequence[ImportNote]) -> Iterator[str]:
    if notes:
        yield f"{head} ({len(notes)}):"
    for each in notes:
        yield f"  {printable(each.where)}: {printable(each.what)}"


def printable(text: str) -> str:
    """A text on one line, which does nothing to a terminal."""
    return re.sub(r"[^ -~]", lambda each: each[0] if each[0].isprintable() else "\ufffd", text)


def counted(count: int, noun: str, nouns: str = "") -> str:
    """A number and what it is of."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"
