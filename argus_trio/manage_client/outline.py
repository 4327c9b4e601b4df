"""A nested value as indented lines that YAML reads back: what a configuration looks like. Sans I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from argus_trio.manage_client.clean import json_escaped

_PLAIN: Final = re.compile(r"[A-Za-z_/.$][\w./@+$-]*(?:[ ,][\w./@+$-]+)*")
"""Texts that mean themselves without quotes."""
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"})


def tree_lines(value: object, indent: str = "") -> Iterator[str]:
    """The lines of a value as it comes out of JSON."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _entry(f"{indent}{_scalar(key)}:", each, indent + "  ")
    elif isinstance(value, list | tuple) and value:
        for each in value:
            if isinstance(each, dict | list | tuple) and each:
                first, *rest = tree_lines(each, indent + "  ")
                yield f"{indent}- {first[len(indent) + 2 :]}"
                yield from rest
            else:
                yield f"{indent}- {_scalar(each)}"
    else:
        yield indent + _scalar(value)


def _entry(head: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list | tuple) and value:
        yield head
        yield from tree_lines(value, indent)
    else:
        yield f"{head} {_scalar(value)}"


def _scalar(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.isascii() and value.lower() not in _WORDS:
        return value
    return json_escaped(msgspec.json.encode(value).decode())
