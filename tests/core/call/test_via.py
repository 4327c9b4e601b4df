"""Which gateways a request names, and when it has come round."""

from __future__ import annotations

import pytest

from argus_trio.core.call.via import CALLER_SECONDS, MOST_NAMED, Via

A, B, C = "a" * 16, "b" * 16, "c" * 16


def test_a_request_that_names_the_gateway_itself_has_come_round() -> None:
    via = Via(A)
    assert via.comes_round(f"{B}, {A}", 0)
    assert via.text == A  # and who sent it is not named


def test_who_has_asked_is_named_for_a_while() -> None:
    via = Via(A)
    assert not via.comes_round(f"{B},{C}", 0)
    assert via.headers == (("argus-via", f"{A}, {B}, {C}"),)
    via.comes_round(C, CALLER_SECONDS / 2)
    via.forget(CALLER_SECONDS)
    assert via.text == f"{A}, {C}"


@pytest.mark.parametrize("value", ["", "nonsense", "x" * 100_000, ",".join(f"{n:016x}" for n in range(1000))])
def test_no_header_fills_the_memory(value: str) -> None:
    via = Via(A)
    assert not via.comes_round(value, 0)
    assert len(via.text.split(", ")) <= MOST_NAMED
    assert "nonsense" not in via.text


def test_without_an_id_nothing_is_sent_and_nothing_comes_round() -> None:
    via = Via()
    assert not via.comes_round(B, 0)
    assert via.headers == ()
