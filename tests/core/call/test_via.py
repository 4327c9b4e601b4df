"""Which gateways a request names, and when it has come round."""

from __future__ import annotations

import random

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
    assert via.headers(0) == (("argus-via", f"{A}, {B}, {C}"),)
    via.comes_round(C, CALLER_SECONDS / 2)
    assert via.headers(CALLER_SECONDS) == (("argus-via", f"{A}, {C}"),)


def test_who_has_not_asked_for_long_is_named_no_more_though_nobody_else_asks() -> None:
    via = Via(A)
    via.comes_round(B, 0)
    assert via.headers(CALLER_SECONDS - 1) == (("argus-via", f"{A}, {B}"),)
    assert via.headers(CALLER_SECONDS) == (("argus-via", A),)


def test_of_a_gateway_that_asks_the_last_word_counts() -> None:
    via = Via(A)
    via.comes_round(f"{B}, {C}", 0)
    via.comes_round(B, 1)
    assert via.text == f"{A}, {B}"


def test_a_gateway_that_is_refused_is_named_no_more_with_all_it_named() -> None:
    via = Via(A)
    via.comes_round(f"{B}, {C}", 0)
    assert via.comes_round(f"{B}, {C}, {A}", 1)
    assert via.text == A


@pytest.mark.parametrize("seed", range(20))
def test_a_ring_is_cut_once_whoever_asks_when(seed: int) -> None:
    chance = random.Random(seed)
    ring = [Via(f"{chance.getrandbits(64):016x}") for _ in range(chance.randint(1, 6))]
    beside = Via("0" * 16)  # asks one of them, and is in no ring
    refused: list[int] = []
    for now in range(1000):
        number = chance.randrange(len(ring))
        callee = ring[(number + 1) % len(ring)]
        assert not ring[0].comes_round(beside.headers(now)[0][1], now)
        if callee.comes_round(ring[number].headers(now)[0][1], now):
            refused.append(number)
    first = min(range(len(ring)), key=lambda number: ring[number].own)
    assert set(refused) == {(first - 1) % len(ring)}
    assert len(refused) > 1000 / len(ring) / 2


def test_two_rings_with_a_gateway_in_common_are_both_cut() -> None:
    a, b, c = Via(A), Via(B), Via(C)
    asks = {"b of a": (b, a), "a of b": (a, b), "b of c": (b, c), "c of b": (c, b)}
    refused = []
    for now in range(100):
        for name, (caller, callee) in asks.items():
            if callee.comes_round(caller.headers(now)[0][1], now) and now > 3:
                refused.append(name)
    assert set(refused) == {"b of a", "c of b"}
    assert len(refused) == 2 * 96


def test_a_ring_that_is_broken_elsewhere_is_forgotten() -> None:
    a, b, c = Via(A), Via(B), Via(C)
    b.comes_round(a.headers(0)[0][1], 0)
    c.comes_round(b.headers(0)[0][1], 0)
    assert a.comes_round(c.headers(0)[0][1], 0)
    for now in range(int(CALLER_SECONDS) + 1):  # a asks no more
        c.comes_round(b.headers(now)[0][1], now)
    assert not a.comes_round(c.headers(CALLER_SECONDS)[0][1], CALLER_SECONDS)


def test_who_asks_whom_is_said_where_it_is_not_the_one_before() -> None:
    via = Via(A)
    via.comes_round(f"{B}, {C}", 0)
    via.comes_round("d" * 16, 0)
    assert via.text == f"{A}, {B}, {C}, {'d' * 16}>0"
    assert Via(C).comes_round(via.text, 0) is False  # the ring is of a, b and c
    assert Via(A).comes_round(f"{C}>99, {A}>99, {A}>0", 0) is True


@pytest.mark.parametrize("value", ["", "nonsense", "x" * 100_000, ",".join(f"{n:016x}" for n in range(1000))])
def test_no_header_fills_the_memory(value: str) -> None:
    via = Via(A)
    assert not via.comes_round(value, 0)
    assert len(via.text.split(", ")) <= MOST_NAMED
    assert "nonsense" not in via.text


def test_without_an_id_nothing_is_sent_and_nothing_comes_round() -> None:
    via = Via()
    assert not via.comes_round(B, 0)
    assert via.headers(0) == ()
