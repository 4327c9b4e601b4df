"""What the type and the default of a key are called in a table, by its part of the JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Mapping

Part = Mapping[str, object]

SPLICED = {"$ref": "#/$defs/spliced"}
KIB = 1024
UNITS = ("bytes", "KiB", "MiB", "GiB")
LEAST_SECONDS = 0.001
KINDS = {"integer": "whole number", "number": "number", "boolean": "`true`, `false`", "object": "mapping"}


def type_of(part: Part) -> str:
    """The type in words, with its bounds. That `${…}` and null stand for any value is said once, on the page."""
    match part:
        case {"const": word} if isinstance(word, str):
            return code(word)
        case {"anyOf": list(alternatives)}:
            return _either([each for each in alternatives if each not in (SPLICED, {"type": "null"})])
        case {"oneOf": list()}:
            return "mapping, by its `type`"
        case {"enum": list(words)}:
            return ", ".join(code(word) for word in words if isinstance(word, str))
        case {"$ref": str()}:
            return "mapping"
        case {"items": dict(items)}:
            return f"list of {_several(type_of(items))}"
        case {"additionalProperties": dict(values)}:
            return f"mapping of names to {_several(type_of(values))}"
        case {"type": kinds}:
            return _scalar(part, [kinds] if isinstance(kinds, str) else list(kinds) if isinstance(kinds, list) else [])
    raise ValueError(f"a table has no word for {part!r}")


def default_of(part: Part, *, is_required: bool) -> str:
    """The default as it would be written; bytes also in the unit that people count them in."""
    if is_required:
        return "required"
    found = part.get("default")
    if "default" not in part and {"$ref"} in [set(each) for each in _alternatives(part)]:
        return "those of its keys"
    if found is None or found == []:
        return "none"
    if isinstance(found, bool):
        return code(str(found).lower())
    if isinstance(found, list):
        return ", ".join(code(each) for each in found)
    if isinstance(found, int) and found % KIB == 0 and found >= KIB and "bytes" in str(part["description"]):
        return f"{code(found)} ({_size(found)})"
    if isinstance(found, float):
        return code(f"{found:g}")
    return code(found if found != "" else '""')


def code(word: object) -> str:
    return f"`{word}`"


def _alternatives(part: Part) -> list[Part]:
    found = part.get("anyOf", [])
    return found if isinstance(found, list) else []


def _either(alternatives: list[Part]) -> str:
    if any("minimum" in each for each in alternatives):  # a number that may have a unit, too
        alternatives = [each for each in alternatives if "pattern" not in each]
    return " or ".join(type_of(each) for each in alternatives)


def _several(word: str) -> str:
    return re.sub(r"^(text|mapping|list)\b", r"\1s", word)


def _scalar(part: Part, kinds: list[object]) -> str:
    if "minLength" in part:
        return "path"
    if "string" in kinds:
        return "text"
    (kind,) = (each for each in kinds if each != "null")
    return KINDS[str(kind)] + _bounds(part)


def _bounds(part: Part) -> str:
    least, most = part.get("minimum"), part.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    if least == LEAST_SECONDS:
        return ", above 0"
    if isinstance(least, int) and least >= KIB:  # only bytes have such bounds
        return f", {_size(least)} at least"
    return "" if least is None else f", {least} at least"


def _size(count: int) -> str:
    power = max(power for power in range(len(UNITS)) if count >= KIB**power)
    return f"{count // KIB**power} {UNITS[power]}"
