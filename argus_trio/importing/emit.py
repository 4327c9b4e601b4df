"""The text of a configuration, out of its tree: YAML as people write it, each text as it cannot be misread."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import yaml

from argus_trio.importing.result import ConfigTree

_WIDTH: Final = 110
"""How long a list on one line may be."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./~$-](?:[A-Za-z0-9_./~$@+=%:-]*[A-Za-z0-9_./~$@+=%-])?")
"""What needs no quotes by its characters, wherever it stands."""
_REFERENCE: Final = re.compile(
    r"(?:[A-Za-z0-9_./~@+=%:-]+ )?[A-Za-z0-9_./~@+=%:-]*\$\{[A-Za-z0-9_]+\}[A-Za-z0-9_./~@+=%-]*"
)
"""`${NAME}`, which needs none but inside of [] and {}."""
_NAMED: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def emit(tree: ConfigTree, origins: Mapping[str, str] | None = None) -> str:
    """The YAML of a configuration, its sections in the order of the tree; `origins` is told above each backend."""
    lines: list[str] = []
    for key, value in tree.items():
        if lines and isinstance(value, Mapping):
            lines.append("")
        if key == "backends" and isinstance(value, Mapping) and value:
            lines += ["backends:", *_backends(value, origins or {})]
        else:
            lines += _entry(key, value, 0)
    return "".join(f"{line}\n" for line in lines)


def emit_backends(backends: ConfigTree, origins: Mapping[str, str]) -> str:
    """The entries of some backends, as they stand below `backends:`."""
    return "".join(f"{line}\n" for line in _backends(backends, origins))


def _backends(backends: Mapping[str, object], origins: Mapping[str, str]) -> Iterator[str]:
    for number, (name, entry) in enumerate(backends.items()):
        if number:
            yield ""
        if name in origins:
            yield f"  # {_comment(origins[name])}"
        yield from _entry(name, entry, 1)


def _entry(key: str, value: object, depth: int) -> Iterator[str]:
    indent = "  " * depth
    head = f"{indent}{_scalar(key, in_flow=True)}:"
    if isinstance(value, Mapping) and value:
        yield head
        for inner, each in value.items():
            yield from _entry(str(inner), each, depth + 1)
    elif isinstance(value, list) and value:
        yield from _list(head, value, depth)
    else:
        yield f"{head} {_scalar(value)}"


def _list(head: str, items: list[object], depth: int) -> Iterator[str]:
    if not any(isinstance(each, Mapping | list) for each in items):
        line = f"{head} [{', '.join(_scalar(each, in_flow=True) for each in items)}]"
        if len(line) <= _WIDTH:
            yield line
            return
    yield head
    indent = "  " * (depth + 1)
    for each in items:
        if isinstance(each, Mapping | list) and each:
            yield from _item(each, depth)
        else:
            yield f"{indent}- {_scalar(each)}"


def _item(item: Mapping[str, object] | list[object], depth: int) -> Iterator[str]:
    """A mapping or a list in a list: its first line behind the dash."""
    indent = "  " * (depth + 1)
    if isinstance(item, list):
        yield f"{indent}-"
        for each in item:
            yield f"{indent}  - {_flow(each)}"
        return
    lines = [line for key, value in item.items() for line in _entry(str(key), value, depth + 2)]
    yield f"{indent}- {lines[0].lstrip()}"
    yield from lines[1:]


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(str(key), in_flow=True)}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value, in_flow=True)


def _scalar(value: object, *, in_flow: bool = False) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"{value:.15g}" if value % 1 else f"{value:.0f}"
        case str():
            return value if _is_plain(value, in_flow=in_flow) else f'"{"".join(map(_escaped, value))}"'
        case Mapping():
            return "{}"
        case _:
            return "[]"


def _is_plain(text: str, *, in_flow: bool) -> bool:
    """Whether every reader of YAML takes the text as this text without quotes."""
    if "${" in text and not in_flow:
        is_fine = _REFERENCE.fullmatch(text) is not None
    else:
        is_fine = _PLAIN.fullmatch(text) is not None
    is_fine = is_fine and not text.startswith(("-:", "---", "...", "- ", "~", "%", "@")) and text not in ("-", ".", "=")
    return is_fine and ": " not in text and _is_read_as_text(text)


def _is_read_as_text(text: str) -> bool:
    try:
        return isinstance(yaml.safe_load(f"- {text}")[0], str)
    except ValueError:  # what looks like a number to YAML and is none, such as 0b_
        return False


def _escaped(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _comment(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text)
