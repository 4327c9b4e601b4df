"""`If-Match` as RFC 9110 has it."""

from __future__ import annotations

import pytest

from argus_trio.frontend.manage.answer import ManageProblem
from argus_trio.frontend.manage.operate.if_match import entity_tag, fitting


@pytest.mark.parametrize(
    ("field", "fits"),
    [
        (b'"a.7"', True),
        (b'"b", "a.7"', True),
        (b' , "b",,"a.7" , ', True),
        (b'"b"', False),
        (b'"a.7 "', None),
        (b'W/"a.7"', False),
        (b'W/"a.7", "a.7"', True),
        (b'"a,b", "a.7"', True),
        (b"", False),
        (b"a.7", None),
        (b'"a.7" "b"', None),
        (b'*, "a.7"', None),
        (b'w/"a.7"', None),
        (b'"\xff"', False),
    ],
)
def test_a_strong_tag_of_the_list_fits(field: bytes, fits: bool | None) -> None:
    if fits is None:
        with pytest.raises(ManageProblem, match="a list of entity tags") as caught:
            fitting(field)
        assert caught.value.word == "bad-request"
        return
    tells = fitting(field)
    assert tells is not None
    assert tells("a.7") is fits


@pytest.mark.parametrize("field", [None, b"*", b" * "])
def test_without_the_field_and_with_a_star_anything_fits(field: bytes | None) -> None:
    assert fitting(field) is None


def test_what_is_given_out_fits() -> None:
    tells = fitting(entity_tag("3f2a.7"))
    assert tells is not None
    assert tells("3f2a.7")
