"""Single values."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from cattrs import Converter

from argus_trio.config.read.scalar import Scalar, Tree
from argus_trio.config.structure import leaf
from argus_trio.config.structure.leaf import Unfit

CONVERTER = Converter()
leaf.register(CONVERTER)


def _plain(text: str) -> Scalar:
    return Scalar(text=text, is_plain=True)


def test_values_are_read_by_the_type_of_their_field() -> None:
    assert CONVERTER.structure(_plain("1.10"), str) == "1.10"
    assert CONVERTER.structure(_plain("5"), float) == 5.0
    assert isinstance(CONVERTER.structure(_plain("5"), float), float)
    assert CONVERTER.structure(_plain("5"), int) == 5
    assert CONVERTER.structure(_plain("on"), bool) is True
    assert CONVERTER.structure(Scalar(text="~"), Path) == Path("~")


@pytest.mark.parametrize("kind", [str, int, float, bool, Path, Literal["a", "b"]])
@pytest.mark.parametrize("tree", [_plain(""), {}, [], [_plain("a")]])
def test_nothing_a_list_and_a_mapping_fit_no_value(kind: type, tree: Tree) -> None:
    with pytest.raises(Unfit, match="expected"):
        CONVERTER.structure(tree, kind)


def test_a_boolean_is_no_number_and_a_number_no_boolean() -> None:
    for text, kind in (("true", int), ("true", float), ("1", bool)):
        with pytest.raises(Unfit):
            CONVERTER.structure(_plain(text), kind)
