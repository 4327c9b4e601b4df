"""What is wrong with a value by its whole schema, before it is sent. The library judges; what would make it take for
ever is left out, and then the server judges alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import referencing.exceptions

from argus_trio.tui.form.value import WrongField

LARGEST_SCHEMA: Final = 200_000
"""The longest schema that is judged by, in characters; the value has the same bound."""
MOST_WRONG: Final = 20
"""How many things that are wrong are told at once."""
_DANGEROUS: Final = re.compile(r"[+*}]\s*\)?[+*{]|\([^)]*[+*|][^)]*\)[+*{]")
"""A pattern that may try for ever: a repetition of repetitions."""


def judged(schema: object, text: str) -> tuple[WrongField, ...]:
    """What is wrong with a value, written as JSON. Nothing where the schema itself is broken."""
    encoded = json.dumps(schema)
    if len(encoded) > LARGEST_SCHEMA or len(text) > LARGEST_SCHEMA or not isinstance(schema, Mapping):
        return ()
    harmless = _harmless(schema)
    checker = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        checker.check_schema(harmless)
        return tuple(_told(checker(harmless).iter_errors(json.loads(text))))
    except (jsonschema.exceptions.SchemaError, referencing.exceptions.Unresolvable):
        return ()
    except (ValueError, OverflowError, RecursionError, re.error):  # of a pattern, a number or a depth it cannot take
        return ()


def _told(errors: Iterator[jsonschema.ValidationError]) -> Iterator[WrongField]:
    for count, error in enumerate(errors):
        if count >= MOST_WRONG:
            return
        where = tuple(str(each + 1) if isinstance(each, int) else str(each) for each in error.absolute_path)
        yield WrongField(where, " ".join(str(error.message).split())[:300])


def _harmless(schema: object) -> object:
    """The schema without patterns that may take for ever, and without references to elsewhere."""
    if isinstance(schema, Mapping):
        return {
            key: _harmless(value)
            for key, value in schema.items()
            if not (key == "pattern" and isinstance(value, str) and _DANGEROUS.search(value))
            and not (key == "$ref" and isinstance(value, str) and not value.startswith("#"))
            and key not in ("patternProperties", "$schema", "$id", "id")
        }
    return [_harmless(each) for each in schema] if isinstance(schema, list) else schema
