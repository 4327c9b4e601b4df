"""All there is to know of a tool, a prompt, a resource or a template, in lines of so many columns. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from argus_trio.contract.backends import BackendEntry
from argus_trio.contract.capabilities import PromptEntry, ResourceEntry, ResourceTemplateEntry, ToolEntry
from argus_trio.manage_client.clean import clean, one_line, wrapped
from argus_trio.tui.state.entries import ShownEntry
from argus_trio.tui.state.outline import LARGEST_OUTLINED, DetailLine, outline
from argus_trio.tui.state.world import World

LONGEST_DESCRIPTION: Final = 50_000
"""How much of a description is wrapped, in characters: a longer one is seen whole as JSON."""
_HINTS: Final[Mapping[tuple[str, bool], str]] = {
    ("readOnlyHint", True): "changes nothing (read-only)",
    ("readOnlyHint", False): "changes something",
    ("destructiveHint", True): "MAY DESTROY what cannot be brought back",
    ("destructiveHint", False): "destroys nothing",
    ("idempotentHint", True): "called twice is as called once (idempotent)",
    ("idempotentHint", False): "called twice does it twice",
    ("openWorldHint", True): "reaches outside (open world)",
    ("openWorldHint", False): "reaches nothing outside",
}


def details(shown: ShownEntry, world: World, columns: int) -> tuple[DetailLine, ...]:
    """The lines."""
    backend = world.backends.get(shown.backend)
    return _details(shown, _stands(backend, shown.backend), columns)


def definition(shown: ShownEntry) -> str:
    """The entry as JSON, as the management API gives it."""
    return msgspec.json.format(msgspec.json.encode(shown.entry), indent=2).decode()


@lru_cache(maxsize=4)
def _details(shown: ShownEntry, backend: str, columns: int) -> tuple[DetailLine, ...]:
    return tuple(_lines(shown, backend, max(columns, 10)))


def _stands(backend: BackendEntry | None, name: str) -> str:
    """A backend and how it stands."""
    if backend is None:
        return name
    reason = f": {backend.reason}" if backend.reason and backend.state != "ready" else ""
    return f"{name} ({backend.state}{reason})"


def _lines(shown: ShownEntry, backend: str, columns: int) -> Iterator[DetailLine]:
    for line in wrapped(one_line(shown.key), columns):
        yield (("title", line),)
    if shown.hidden:
        for line in wrapped(f"hidden from clients, cannot be called: {one_line(shown.hidden)}", columns):
            yield (("warn", line),)
    for name, value, attribute in _facts(shown, backend):
        label = f"{name}: "
        first, *others = wrapped(one_line(value), max(columns - len(label), 8))
        yield (("label", label), (attribute, first))
        for line in others:
            yield ((attribute, " " * len(label) + line),)
    yield from _description(shown.description, columns)
    yield from _takes(shown, columns)


def _facts(shown: ShownEntry, backend: str) -> Iterator[tuple[str, str, str]]:
    entry = shown.entry
    yield "kind", {"template": "template of resources"}.get(shown.kind, shown.kind), ""
    if shown.title and shown.title != shown.key:
        yield "title" if isinstance(entry, ToolEntry) else "name", shown.title, ""
    if isinstance(entry, ToolEntry | PromptEntry) and entry.renamed:
        yield "there called", entry.original_name, ""
    yield "backend", backend, ""
    if isinstance(entry, ResourceEntry | ResourceTemplateEntry) and entry.mime_type:
        yield "type", entry.mime_type, ""
    if isinstance(entry, ToolEntry):
        for hint, attribute in _hints(bytes(entry.annotations)):
            yield "it says", hint, attribute


def _hints(raw: bytes) -> Iterator[tuple[str, str]]:
    """What a tool says of itself, in words."""
    try:
        hints = msgspec.json.decode(raw, type=dict[str, object] | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield "nothing of itself that can be read", "warn"
        return
    for (name, value), words in _HINTS.items():
        if hints and hints.get(name) is value:
            yield words, "warn" if (name, value) == ("destructiveHint", True) else ""


def _description(text: str, columns: int) -> Iterator[DetailLine]:
    if not text:
        return
    yield ()
    for paragraph in clean(text[:LONGEST_DESCRIPTION]).split("\n"):
        inset = paragraph[: len(paragraph) - len(paragraph.lstrip())].expandtabs(4)[: columns // 2]
        for line in wrapped(paragraph.strip().expandtabs(4), max(columns - len(inset), 8)):
            yield (("", inset + line),)
    if len(text) > LONGEST_DESCRIPTION:
        yield (("warn", f"and {len(text) - LONGEST_DESCRIPTION:,} more characters; J shows all of it"),)


def _takes(shown: ShownEntry, columns: int) -> Iterator[DetailLine]:
    entry = shown.entry
    if isinstance(entry, ToolEntry):
        yield from _schema("Input", bytes(entry.input_schema), columns)
        if bytes(entry.output_schema) != b"null":
            yield from _schema("Output", bytes(entry.output_schema), columns)
    elif isinstance(entry, PromptEntry):
        yield ()
        yield (("label", "Arguments"), ("dim", "  * must be given"))
        yield from _arguments(bytes(entry.arguments), columns)


def _schema(title: str, raw: bytes, columns: int) -> Iterator[DetailLine]:
    yield ()
    yield (("label", title), ("dim", "  * must be given" if b'"required"' in raw[:LARGEST_OUTLINED] else ""))
    yield from outline(raw, columns)


def _arguments(raw: bytes, columns: int) -> Iterator[DetailLine]:
    try:
        listed = msgspec.json.decode(raw, type=list[dict[str, object]] | None) or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield (("warn", "  they cannot be read; J shows them as they came"),)
        return
    if not listed:
        yield (("dim", "  none"),)
    for each in listed:
        name = one_line(f"{each.get('name')}{'*' if each.get('required') is True else ''}")
        first, *others = wrapped(one_line(str(each.get("description") or "")), max(columns - len(name) - 4, 8))
        yield (("name", f"  {name}"), ("dim", f"  {first}"))
        for line in others:
            yield (("dim", " " * (len(name) + 4) + line),)
