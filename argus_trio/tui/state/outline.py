"""A schema as an outline: names, types, what is required, values that are allowed. Pure, and lazy: of a schema that
unfolds without end no more is looked at than is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.manage_client.clean import clean, cut, one_line, padded, width, wrapped
from argus_trio.tui.form.reader import SchemaReader
from argus_trio.tui.form.spec import FieldSpec

DetailLine = tuple[tuple[str, str], ...]
"""A line in parts: the attribute of each, which may be empty, and its text, which is clean."""
DEEPEST_SHOWN: Final = 6
"""How deep an outline goes: deeper parts are seen in the form, or as JSON."""
MOST_LINES: Final = 1000
"""How long an outline gets."""
LARGEST_OUTLINED: Final = 2_000_000
"""The longest schema that gets one, in bytes: a larger one is seen as JSON."""
MOST_VALUES: Final = 20
"""How many values of an `enum` are listed."""
LONGEST_ABOUT: Final = 2_000
"""How much is shown of what a schema says of one of its parts, in characters."""
_WIDEST_NAME: Final = 28


@lru_cache(maxsize=16)
def outline(raw: bytes, columns: int) -> tuple[DetailLine, ...]:
    """The outline of a schema in lines of so many columns."""
    if len(raw) > LARGEST_OUTLINED:
        return ((("warn", f"it is larger than {LARGEST_OUTLINED:,} bytes; J shows it as JSON"),),)
    try:
        schema = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ((("warn", "it cannot be read; J shows it as it came"),),)
    whole = _SchemaLines(SchemaReader(schema), max(columns, 20))
    lines = list(islice(whole.inside(schema, 1, frozenset()), MOST_LINES + 1))
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], (("warn", f"  more than {MOST_LINES} lines; J shows all of it as JSON"),)]
    if lines:
        return tuple(lines)
    spec = SchemaReader(schema).spec(schema)
    return ((("dim", "  nothing" if spec.kind == "object" and spec.others is None else f"  {_kind(spec)}"),),)


@attrs.frozen
class _SchemaLines(Value):
    """Makes the lines of one schema."""

    reader: SchemaReader
    columns: int

    def inside(self, schema: object, depth: int, seen: frozenset[str]) -> Iterator[DetailLine]:
        """What a schema has inside: members, items, alternatives."""
        if depth > DEEPEST_SHOWN:
            yield (("dim", f"{'  ' * depth}deeper parts: J shows all of it as JSON"),)
            return
        spec = self.reader.spec(schema)
        parts = list(self._parts(spec))
        room = min(max((width(name) for name, _ in parts), default=0), _WIDEST_NAME)
        for name, part in parts:
            inner = self.reader.spec(part)
            refers = _refers(part)
            yield from self._line(f"{'  ' * depth}{padded(cut(name, room), room)}", inner, refers, refers in seen)
            if refers not in seen and inner.kind in ("object", "array", "alternatives"):
                yield from self.inside(part, depth + 1, seen | {refers} if refers else seen)
        if spec.left_out:
            yield (("warn", f"{'  ' * depth}and {spec.left_out} more; J shows all of it as JSON"),)
        if spec.kind == "object" and spec.others is not None and spec.properties:
            yield (("dim", f"{'  ' * depth}and any others"),)

    def _parts(self, spec: FieldSpec) -> Iterator[tuple[str, object]]:
        if spec.kind == "object":
            for member in spec.properties:
                yield f"{one_line(member.name)}{'*' if member.is_required else ''}", member.schema
            if not spec.properties and spec.others:
                yield "any name", spec.others
        elif spec.kind == "array":
            for at, part in enumerate(spec.prefix[:MOST_VALUES], 1):
                yield f"item {at}", part
            if spec.items not in (None, {}, True):
                yield "then each" if spec.prefix else "each", spec.items
        elif spec.kind == "alternatives":
            for name, part in spec.alternatives:
                yield f"or {one_line(name)}", part

    def _line(self, head: str, spec: FieldSpec, refers: str, is_again: bool) -> Iterator[DetailLine]:
        kind = f"{refers}: {_kind(spec)}" if refers else _kind(spec)
        kind += ", as above" if is_again else ""
        kind += f", default {one_line(spec.default)[:200]}" if spec.default is not None else ""
        about = one_line(spec.description[:LONGEST_ABOUT]) if spec.description else ""
        room = self.columns - width(head) - 2
        if width(kind) + 2 + width(about) <= room:
            yield (("name", head), ("", "  "), ("info", kind), ("dim", f"  {about}" if about else ""))
            return
        inset = " " * (len(head) - len(head.lstrip()) + 2)
        if width(kind) <= room:
            yield (("name", head), ("", "  "), ("info", kind))
        else:
            yield (("name", head),)
            for line in wrapped(kind, max(self.columns - len(inset), 10)):
                yield (("info", f"{inset}{line}"),)
        for line in wrapped(about, max(self.columns - len(inset), 10)) if about else ():
            yield (("dim", f"{inset}{line}"),)
        if len(spec.description) > LONGEST_ABOUT:
            yield (("dim", f"{inset}and {len(spec.description) - LONGEST_ABOUT:,} more characters"),)


def _refers(schema: object) -> str:
    """The name of what a schema refers to; empty where it stands there itself."""
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    return one_line(reference.rpartition("/")[2] or reference) if isinstance(reference, str) else ""


def _kind(spec: FieldSpec) -> str:
    """The type in words."""
    hint = one_line(spec.hint)
    if spec.kind == "choice" and not hint.startswith(("boolean", "null")):
        values = [clean(one_line(each.json)) for each in spec.options[:MOST_VALUES]]
        more = f" and {len(spec.options) - MOST_VALUES} more" if len(spec.options) > MOST_VALUES else ""
        return f"always {values[0]}" if len(values) == 1 else f"one of {', '.join(values)}{more}"
    if spec.kind == "array":
        least, most = spec.least_items, spec.most_items
        bounds = f", {least} to {most} of them" if most is not None else f", at least {least}" if least else ""
        return f"array{bounds}"
    if spec.kind == "alternatives":
        return "one of these"
    return hint or {"raw": "any JSON", "text": "string"}.get(spec.kind, spec.kind)
