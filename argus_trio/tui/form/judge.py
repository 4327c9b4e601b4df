"""What is wrong with a value by its whole schema, before it is sent. The library judges, step by step, and no longer
than is bearable: what would take for ever, or cannot be judged here, is left to the server, and that is told."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final

import attrs
import jsonschema  # type: ignore[import-untyped]  # it ships no types
import referencing
import referencing.exceptions

from argus_trio import Value
from argus_trio.tui.form.patterns import is_quick
from argus_trio.tui.form.told import ToldWrong, told
from argus_trio.tui.form.value import WrongField

LARGEST_SCHEMA: Final = 200_000
"""The longest schema that is judged by, in characters; the value has the same bound. It takes half a second."""
MOST_WRONG: Final = 20
"""How many things that are wrong are told at once."""
MOST_STEPS: Final = 20_000
"""How many rules are applied to one value: it takes some tenths of a second. Schemas can make it any number."""
MOST_COMPARED: Final = 1000
"""How many items are compared with each other, where all of them are to differ."""

DEEPEST_JUDGED: Final = 64
"""How many rules are applied inside each other: at the end of the stack the library does not fail, it panics."""
DEEPEST_SCHEMA: Final = 100
"""How deep a schema is, in objects and lists; a deeper one is no schema by its own schema for the same reason."""
_JudgingRule = Callable[[Any, Any, Any, Any], Iterable[Any] | None]
"""As the library has it: validator, the value of the keyword, the instance, the schema."""


@attrs.frozen(kw_only=True)
class Verdict(Value):
    """What is wrong, and what nobody has looked at."""

    wrong: tuple[WrongField, ...] = ()
    unjudged: str = ""
    """What is left to the server, and why; empty where everything is judged."""


class _TooManyStepsError(Exception):
    """It takes too long."""


@attrs.define(eq=False, repr=False)
class _Judging:
    steps: int = 0
    depth: int = 0
    """How many rules are applied inside each other now."""
    left: list[str] = attrs.field(factory=list)
    """What is left to the server."""


_JUDGING: Final[ContextVar[_Judging]] = ContextVar("judging")


def judged(schema: object, text: str) -> Verdict:
    """What is wrong with a value that is written as JSON."""
    if not isinstance(schema, Mapping):
        return Verdict(unjudged="the schema is none")
    if _depth(schema) > DEEPEST_SCHEMA:
        return Verdict(unjudged="the schema is too deep to be judged here")
    if len(json.dumps(schema)) > LARGEST_SCHEMA or len(text) > LARGEST_SCHEMA:
        return Verdict(unjudged="the schema or the value is too large to be judged here")
    checker = _checker(schema)
    if checker is None:
        return Verdict(unjudged="the schema itself is broken")
    judging = _Judging()
    token = _JUDGING.set(judging)
    wrong: list[WrongField] = []
    try:
        errors = checker(schema, registry=referencing.Registry()).iter_errors(json.loads(text))
        wrong += [WrongField(each.where, each.what) for each in _few(told(errors))]
    except _TooManyStepsError:
        judging.left.append("its rules are too many to be tried here")
    except RecursionError:
        judging.left.append("its rules lead too deep")
    except (ValueError, OverflowError) as error:  # of a number that Python cannot take, or divide
        judging.left.append(f"a number cannot be judged here ({error})"[:100])
    finally:
        _JUDGING.reset(token)
    return Verdict(wrong=tuple(dict.fromkeys(wrong)), unjudged="; ".join(dict.fromkeys(judging.left))[:300])


def _depth(schema: object) -> int:
    """How deep it is; the stack is not used for it."""
    depth, layer = 0, [schema]
    while layer and depth <= DEEPEST_SCHEMA:
        depth += 1
        layer = [inner for each in layer for inner in _inside(each)]
    return depth


def _inside(schema: object) -> Iterable[object]:
    if isinstance(schema, Mapping):
        return schema.values()
    return schema if isinstance(schema, list) else ()


def _few(errors: Iterator[ToldWrong]) -> Iterator[ToldWrong]:
    for count, each in enumerate(errors):
        if count >= MOST_WRONG:
            return
        yield each


def _checker(schema: Mapping[str, object]) -> Any:
    """What judges by this schema: of the draft that it names, else the first one by which it is a schema at all."""
    named = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        for each in dict.fromkeys((named, jsonschema.Draft7Validator, jsonschema.Draft4Validator)):
            if next(each(each.META_SCHEMA).iter_errors(schema), None) is None:
                return _bounded(each)
    except (RecursionError, referencing.exceptions.Unresolvable):
        return None
    return None


@functools.cache
def _bounded(checker: Any) -> Any:
    """The same, with steps that are counted, and with rules of our own where the library could take for ever."""
    rules = {**checker.VALIDATORS, **{name: rule for name, rule in _OWN.items() if name in checker.VALIDATORS}}
    for name in ("$ref", "$dynamicRef", "$recursiveRef"):
        if name in rules:
            rules[name] = _reference(rules[name])
    for name in ("patternProperties", "additionalProperties"):
        rules[name] = _of_names(rules[name])
    return jsonschema.validators.extend(checker, {name: _counted(rule) for name, rule in rules.items()})


def _counted(rule: _JudgingRule) -> _JudgingRule:
    def applied(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[Any]:
        judging = _JUDGING.get()
        judging.steps += 1
        if judging.steps > MOST_STEPS:
            raise _TooManyStepsError
        judging.depth += 1
        try:
            if judging.depth > DEEPEST_JUDGED:
                raise RecursionError
            yield from rule(validator, value, instance, schema) or ()
        finally:
            judging.depth -= 1

    return applied


def _left(what: str) -> None:
    _JUDGING.get().left.append(what)


def _reference(rule: _JudgingRule) -> _JudgingRule:
    def applied(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[Any]:
        if not isinstance(value, str):
            _left("a reference is none")
            return
        try:
            yield from rule(validator, value, instance, schema) or ()
        except referencing.exceptions.Unresolvable:
            _left(f"{str(value)[:60]} leads nowhere")

    return applied


def _of_names(rule: _JudgingRule) -> _JudgingRule:
    """A rule that goes by patterns of names."""

    def applied(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[Any] | None:
        patterns = schema.get("patternProperties") if isinstance(schema, Mapping) else None
        names = list(instance) if isinstance(instance, Mapping) else []
        longest = max(map(len, names), default=0)
        for each in patterns if isinstance(patterns, Mapping) else ():
            if not is_quick(each, longest + len(names)):
                _left(f"the pattern {each[:60]} is not tried here")
                return None
        return rule(validator, value, instance, schema)

    return applied


def _pattern(_: Any, value: Any, instance: Any, __: Any) -> Iterable[Any]:
    if not isinstance(instance, str):
        return
    if not is_quick(value, len(instance)):
        _left(f"the pattern {value[:60]} is not tried here")
    elif not re.search(value, instance, re.ASCII):  # \d and \w mean ASCII where schemas come from
        yield jsonschema.ValidationError(f"it must be as {value}")


def _unique(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[Any] | None:
    if isinstance(instance, list) and len(instance) > MOST_COMPARED:
        _left(f"more than {MOST_COMPARED} items are not compared here")
        return None
    found: Iterable[Any] | None = jsonschema.Draft202012Validator.VALIDATORS["uniqueItems"](
        validator, value, instance, schema
    )
    return found


def _unevaluated(*_: Any) -> None:
    _left("unevaluatedProperties and unevaluatedItems are not judged here")


_OWN: Final[Mapping[str, _JudgingRule]] = {
    "pattern": _pattern,
    "uniqueItems": _unique,
    "unevaluatedProperties": _unevaluated,
    "unevaluatedItems": _unevaluated,
}
