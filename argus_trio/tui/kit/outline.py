"""A schema as an outline: names, types, what is required, values that are allowed."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from argus_trio.manage_client.clean import cut, one_line
from argus_trio.tui.form.reader import SchemaReader
from argus_trio.tui.form.spec import FieldSpec
from argus_trio.tui.kit.cells import Markup

DEEPEST_SHOWN: Final = 5
"""How deep an outline goes: deeper parts are seen in the form, or as JSON."""
MOST_LINES: Final = 400
"""How long an outline gets."""


@lru_cache(maxsize=16)
def outline(raw: bytes, columns: int) -> tuple[Markup, ...]:
    """The outline of a schema in lines of so many columns."""
    try:
        schema = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return (("warn", "it cannot be read"),)
    reader = SchemaReader(schema)
    lines = _lines(reader, reader.spec(schema), 0, columns)
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], ("dim", f"and {len(lines) - MOST_LINES} more lines; J shows all of it")]
    return tuple(lines) or (("dim", "nothing"),)


def _lines(reader: SchemaReader, spec: FieldSpec, depth: int, columns: int) -> list[Markup]:
    lines: list[Markup] = []
    if depth > DEEPEST_SHOWN:
        return [("dim", f"{'  ' * depth}…")]
    if spec.kind == "object":
        for member in spec.properties[:MOST_LINES]:
            inner = reader.spec(member.schema)
            lines.append(_line(member.name, inner, depth, columns, is_required=member.is_required))
            lines += _lines(reader, inner, depth + 1, columns)
        if spec.others is not None and spec.properties:
            lines.append(("dim", f"{'  ' * depth}and others"))
    elif spec.kind == "array":
        parts = [*spec.prefix, *([spec.items] if spec.items not in (None, {}, True) else [])]
        for part in parts:
            inner = reader.spec(part)
            lines.append(_line("each" if part is spec.items else "then", inner, depth, columns, is_required=False))
            lines += _lines(reader, inner, depth + 1, columns)
    elif spec.kind == "alternatives":
        for name, each in spec.alternatives:
            inner = reader.spec(each)
            lines.append(_line(f"or {name}", inner, depth, columns, is_required=False))
            lines += _lines(reader, inner, depth + 1, columns)
    return lines


def _line(name: str, spec: FieldSpec, depth: int, columns: int, *, is_required: bool) -> Markup:
    head = f"{'  ' * depth}{one_line(name)}{'*' if is_required else ''}"
    values = " | ".join(each.title for each in spec.options[:12])
    kind = values or spec.hint or spec.kind
    default = f" = {spec.default}" if spec.default is not None else ""
    about = f"  {one_line(spec.description)}" if spec.description else ""
    said = cut(one_line(f"{kind}{default}") + about, max(columns - len(head) - 2, 1))
    return [("name", head), "  ", ("dim", said)]
