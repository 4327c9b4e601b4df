"""What a judge of schemas found, in words, and at the place where it is mended. No value is repeated: it may be a
secret."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from argus_trio import Value

_DEEPEST: Final = 8
"""How many alternatives within alternatives are told of."""
_TYPES: Final[Mapping[str, str]] = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_WORDS: Final[Mapping[str, str]] = {
    "minimum": "it must be at least {}",
    "maximum": "it must be at most {}",
    "exclusiveMinimum": "it must be more than {}",
    "exclusiveMaximum": "it must be less than {}",
    "multipleOf": "it must be a multiple of {}",
    "minLength": "it must have at least {} characters",
    "maxLength": "it must have at most {} characters",
    "pattern": "it must be as {}",
    "minItems": "at least {} are wanted",
    "maxItems": "at most {} are wanted",
    "uniqueItems": "all of them must differ",
    "minProperties": "at least {} members are wanted",
    "maxProperties": "at most {} members are wanted",
    "const": "it must be {}",
    "not": "it must not be so",
    "contains": "none of its items is as it must be",
}
"""What is said of a rule that is broken, with its value."""


@attrs.frozen
class ToldWrong(Value):
    """What is wrong at a place."""

    where: tuple[str, ...]
    what: str


def told(errors: Iterable[Any], depth: int = 0) -> Iterator[ToldWrong]:
    """Errors of `jsonschema` in words."""
    for error in errors:
        where = tuple(str(each + 1) if isinstance(each, int) else str(each) for each in error.absolute_path)
        rule, value = error.validator, error.validator_value
        if rule == "required" and isinstance(error.instance, Mapping):
            yield from (ToldWrong((*where, name), "it is required") for name in value if name not in error.instance)
        elif rule in ("anyOf", "oneOf") and depth < _DEEPEST:
            yield from _alternatives(error, where, depth)
        else:
            yield ToldWrong(where, _said(rule, value, error))


def _said(rule: str | None, value: object, error: Any) -> str:
    if rule is None:
        return "something is there that must not be"  # the library does not say where
    if rule == "type":
        wanted = [str(each) for each in (value if isinstance(value, list) else [value])]
        return f"{' or '.join(_TYPES.get(each, each) for each in wanted)} is wanted"
    if rule == "enum":
        return f"one of {_listed(value)} is wanted"
    if rule == "additionalProperties" and isinstance(error.instance, Mapping):
        known = error.schema.get("properties", {})
        more = [name for name in error.instance if name not in known]
        return f"it has no {_listed(more)}"
    if rule in _WORDS:
        return _WORDS[rule].format(str(value)[:80])
    return f"it breaks a rule: {rule}"


def _listed(values: object) -> str:
    listed = [str(each)[:40] for each in values] if isinstance(values, Sequence) else []
    return ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")


def _alternatives(error: Any, where: tuple[str, ...], depth: int) -> Iterator[ToldWrong]:
    """Of alternatives of which none fits, what is wrong by the one that fits best."""
    by_branch: dict[object, list[Any]] = {}
    for each in error.context or ():
        by_branch.setdefault(each.schema_path[0] if each.schema_path else None, []).append(each)
    if not by_branch:
        yield ToldWrong(where, "it fits more than one of its alternatives")
        return
    best = min(by_branch.values(), key=lambda found: (sum(map(_weight, found)), len(found)))
    if all(len(each.path) == 0 and each.validator in ("type", "enum", "const") for each in best):
        yield ToldWrong(where, "it fits none of its alternatives")
        return
    yield from told(best, depth + 1)


def _weight(error: Any) -> int:
    """How much it speaks against an alternative: another kind of value was meant."""
    return 10 if error.validator in ("const", "enum", "type") else 1
