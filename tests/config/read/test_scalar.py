"""How scalars are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.config.read.scalar import Scalar, as_bool, as_float, as_int, described


def _plain(text: str) -> Scalar:
    return Scalar(text=text, is_plain=True)


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("9000", 9000), ("-3", -3), ("1_000", 1000), ("0x1F", 31)])
def test_whole_numbers_are_read(text: str, number: int) -> None:
    assert as_int(_plain(text)) == number
    assert as_float(_plain(text)) == number


@pytest.mark.parametrize("text", ["010", "1:30", "1__0", "1_", "", "x", "9" * 5000, "1.0", "٣"])
def test_what_people_and_yaml_disagree_on_is_no_whole_number(text: str) -> None:
    assert as_int(_plain(text)) is None


@pytest.mark.parametrize(("text", "number"), [("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("2.", 2.0)])
def test_numbers_are_read(text: str, number: float) -> None:
    assert as_float(_plain(text)) == number


@pytest.mark.parametrize("text", [".inf", ".nan", "inf", "nan", "1e999", "1:30.5", "", "true"])
def test_what_is_not_finite_is_no_number(text: str) -> None:
    assert as_float(_plain(text)) is None


@pytest.mark.parametrize(("text", "value"), [("true", True), ("Yes", True), ("on", True), ("OFF", False), ("1", None)])
def test_booleans_are_read_as_yaml_1_1_does(text: str, value: bool | None) -> None:
    assert as_bool(_plain(text)) is value


def test_quotes_say_text_and_splicing_says_nothing() -> None:
    assert as_int(Scalar(text="9000")) is None
    assert as_bool(Scalar(text="true")) is None
    assert as_int(Scalar(text="9000", is_spliced=True)) == 9000
    assert not Scalar(text="", is_plain=True, is_spliced=True).is_null
    assert _plain("").is_null


@given(st.text())
def test_any_text_is_read_or_not_but_raises_nothing(text: str) -> None:
    for reading in (as_bool, as_int, as_float, described):
        reading(_plain(text))


@given(st.text(min_size=1))
def test_what_was_spliced_in_is_never_described_by_its_text(text: str) -> None:
    assert described(Scalar(text=text, is_spliced=True)) == described(Scalar(text="other", is_spliced=True))
