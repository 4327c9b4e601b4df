"""Whether a text is JSON, and where it stops being so. Numbers are not read: none is too long. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec


class _RefusedError(ValueError):
    """It is what Python takes for JSON, and nobody else."""


def not_json(text: str, *, is_object: bool = False) -> str:
    """What is wrong with it, with its line and column; empty where it is JSON."""
    try:
        value = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=_refused, object_pairs_hook=_without_doubles
        )
        raw = text.encode()
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
    except UnicodeEncodeError:
        return "half of a character is in it"
    except _RefusedError as error:
        return str(error)
    except RecursionError:
        return "it is nested too deep"
    if is_object and not isinstance(value, dict):
        return "a JSON object is wanted, such as {}"
    try:
        msgspec.json.decode(raw, type=dict[str, msgspec.Raw] if is_object else msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return str(error)
    return ""


def _refused(constant: str) -> object:
    raise _RefusedError(f"{constant} is no JSON")


def _without_doubles(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for at, name in enumerate(names) if name in names[:at])
        raise _RefusedError(f"{json.dumps(doubled)[:60]} is there twice in one object")
    return members
