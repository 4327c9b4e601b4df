"""What is wrong with a value by its whole schema, before it is sent. The library judges; what would make it take for
ever is left out, and then the server judges alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

import attrs
import jsonschema  # type: ignore[import-untyped]  # it ships no types

from argus_trio.tui.form.effort import Effort, TooMuchEffort, is_cheap
from argus_trio.tui.form.value import WrongField

LARGEST_SCHEMA: Final = 200_000
"""The longest schema that is judged by, in characters; the value has the same bound."""
MOST_WRONG: Final = 20
"""How many things that are wrong are told at once."""
_NAMED: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""Keywords whose members are named by the server, and are no keywords."""
_VALUES: Final = frozenset({"enum", "const", "default", "examples"})
"""Keywords that hold no schemas."""
_NAMELESS: Final = frozenset({"patternProperties", "additionalProperties", "unevaluatedProperties"})
"""Keywords that are judged by names: all of them, or none."""
_NAMING: Final = frozenset({"$schema", "$id", "id"})
"""Keywords that say which other schema one is."""


def judged(schema: object, text: str) -> tuple[WrongField, ...]:
    """What is wrong with a value, written as JSON. Nothing where the schema itself is broken."""
    wrong: list[WrongField] = []
    try:
        if not isinstance(schema, Mapping) or max(len(json.dumps(schema)), len(text)) > LARGEST_SCHEMA:
            return ()
        value = json.loads(text)
        harmless = _Harmless(_longest_name(value)).schema(schema)
        checker = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
        if _counting(checker)(checker.META_SCHEMA).is_valid(harmless):
            wrong.extend(_told(_counting(checker)(harmless).iter_errors(value)))
    except TooMuchEffort:
        pass  # what was found by then is wrong
    except Exception:  # noqa: BLE001  # of a schema, pattern, number or depth that the library cannot take
        return ()
    return tuple(wrong)


def _counting(checker: jsonschema.Validator) -> jsonschema.Validator:
    """The library's checker of one draft, with an effort of its own."""
    effort, known = Effort(), checker.VALIDATORS
    counted = {word: effort.counted(word, judge) for word, judge in known.items()}
    return jsonschema.validators.extend(checker, counted)


def _told(errors: Iterator[jsonschema.ValidationError]) -> Iterator[WrongField]:
    for count, error in enumerate(errors):
        if count >= MOST_WRONG:
            return
        where = tuple(str(each + 1) if isinstance(each, int) else str(each) for each in error.absolute_path)
        yield WrongField(where, " ".join(str(error.message).split())[:300])


def _longest_name(value: object) -> int:
    if isinstance(value, dict):
        return max((max(len(name), _longest_name(each)) for name, each in value.items()), default=0)
    return max(map(_longest_name, value), default=0) if isinstance(value, list) else 0


@attrs.frozen
class _Harmless:
    """Makes a schema without patterns of names that may take for ever, and without references to elsewhere."""

    longest: int
    """How long a name is that patterns are tried on."""

    def schema(self, schema: object) -> object:
        """The schema without them."""
        if isinstance(schema, list):
            return [self.schema(each) for each in schema]
        if not isinstance(schema, Mapping):
            return schema
        named = schema.get("patternProperties")
        is_cheap_named = not isinstance(named, Mapping) or all(is_cheap(each, self.longest) for each in named)
        return {
            word: self._of(word, value)
            for word, value in schema.items()
            if (is_cheap_named or word not in _NAMELESS) and not _leads_away(word, value)
        }

    def _of(self, word: str, value: object) -> object:
        if word in _VALUES:
            return value
        if word in _NAMED and isinstance(value, Mapping):
            return {name: self.schema(each) for name, each in value.items()}
        return self.schema(value)


def _leads_away(word: str, value: object) -> bool:
    return word in _NAMING or (word in ("$ref", "$dynamicRef") and isinstance(value, str) and not value.startswith("#"))
