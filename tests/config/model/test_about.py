"""The metadata of the model: every key of the file says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import attrs

from argus_trio.config.model.about import about
from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.model.config import Config
from argus_trio.errors import Problem

NO_KEYS = {"entries", "lines", "mode", "name", "secrets", "warnings"}
"""Fields that no key of the file stands for: names are keys, a mode is a word, secrets and warnings are gathered."""


def classes(kind: object) -> Iterator[type]:
    """Every class of the model that `kind` is made of."""
    if isinstance(kind, type) and attrs.has(kind):
        yield kind
        for field in attrs.fields(attrs.resolve_types(kind)):
            yield from classes(field.type)
    for each in get_args(kind):
        yield from classes(each)


MODEL = set(classes(Config)) - {Problem}  # what a warning is made of is in no file


def test_the_text_and_the_bounds_are_the_metadata() -> None:
    assert about("seconds", minimum=1, part="link") == {"about": "seconds", "minimum": 1, "part": "link"}


def test_the_whole_model_is_reached() -> None:
    assert set(get_args(BackendSpec)) < MODEL


def test_every_key_says_what_it_is() -> None:
    silent = {field.name for cls in MODEL for field in attrs.fields(cls) if not field.metadata.get("about")}
    assert silent == NO_KEYS


def test_every_default_number_is_within_its_bounds() -> None:
    numbers = [field for cls in MODEL for field in attrs.fields(cls) if type(field.default) in (int, float)]
    assert numbers
    for field in numbers:
        assert field.metadata.get("minimum", field.default) <= field.default, field.name
        assert field.default <= field.metadata.get("maximum", field.default), field.name
