"""Whose bucket it is."""

from __future__ import annotations

import pytest

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.rates.callers import caller_at, caller_of, crowd_of, shown


def test_a_principal_that_is_known_is_one_caller_wherever_it_calls_from() -> None:
    ada = Principal(name="ada")
    assert caller_of(ada, "192.0.2.1") == caller_of(Principal(name="ada", roles=frozenset({"x"})), "") == "p:ada"


def test_who_is_not_known_is_its_address_and_of_ipv6_the_network() -> None:
    guest = Principal(name="anonymous", roles=frozenset({"guest"}))
    assert caller_of(guest, "192.0.2.1") == caller_of(ANONYMOUS, "192.0.2.1") != caller_of(ANONYMOUS, "192.0.2.2")
    assert caller_at("2001:db8::1") == caller_at("2001:db8::ffff:1") != caller_at("2001:db8:0:1::1")
    assert caller_at("::ffff:192.0.2.1") == caller_at("192.0.2.1")
    assert caller_of(ANONYMOUS, "") == caller_at("")


def test_no_principal_is_called_as_an_address_is() -> None:
    assert caller_of(Principal(name="192.0.2.1"), "") != caller_at("192.0.2.1")


@pytest.mark.parametrize(
    ("caller", "crowd"),
    [
        ("a:192.0.2.1", "a:192.0"),
        ("a:2001:db8:1:2::", "a:2001:db8::"),
        ("a:::nonsense", "a:"),
        ("a:", "a:"),
        ("p:idp.example/ada", "p:idp.example/"),
        ("p:ada", "p:"),
    ],
)
def test_a_crowd_is_a_network_or_an_issuer(caller: str, crowd: str) -> None:
    assert crowd_of(caller) == crowd


def test_the_log_shows_a_caller_by_its_name_or_address() -> None:
    assert [shown(each) for each in ("p:ada", "a:192.0.2.1", "a:")] == ["ada", "192.0.2.1", "unknown"]
