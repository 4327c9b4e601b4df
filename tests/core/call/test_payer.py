"""Who pays for what a call takes, and how much one may take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.call.payer import Payer, may_take, network_of, payer_of
from argus_trio.wire.revisions import LATEST_LEGACY, Era
from tests.core.call.support.sessions import QuietSession

ADA = Principal(name="ada")


def payer(address: str = "", principal: Principal = ANONYMOUS, client: ClientSession | None = None) -> Payer:
    era, revision = (Era.MODERN, "2026-07-28") if client is None else (Era.LEGACY, LATEST_LEGACY)
    call = Call(method="x", params={}, era=era, revision=revision, principal=principal, client=client, address=address)
    return payer_of(call)


def taken_alone(payers: list[Payer], most: int) -> int:
    """How many of these get a place, one after the other."""
    taken: list[Payer] = []
    for each in payers:
        if may_take(each, taken, most):
            taken.append(each)
    return len(taken)


def test_modern_clients_of_an_address_are_one_client_and_its_sessions_are_others_of_the_same_account() -> None:
    one, other = QuietSession(), QuietSession()
    assert payer("192.0.2.1") == payer("192.0.2.1") != payer("192.0.2.2")
    assert payer("192.0.2.1", client=one) != payer("192.0.2.1", client=other)
    accounts = {payer("192.0.2.1", client=client).account for client in (one, other, None)}
    assert len(accounts) == 1


def test_a_principal_that_is_known_pays_wherever_it_calls_from() -> None:
    assert payer("192.0.2.1", ADA) == payer("192.0.2.2", ADA)
    assert payer("192.0.2.1", ADA).account != payer("192.0.2.1").account


def test_without_an_address_each_session_pays_for_itself_and_modern_clients_together() -> None:
    one, other = QuietSession(), QuietSession()
    assert payer(client=one).account != payer(client=other).account
    assert payer() == payer()


@pytest.mark.parametrize(("most", "share"), [(2, 1), (3, 1), (4, 2), (8, 4), (16, 8), (17, 8)])
def test_one_client_takes_half_of_what_others_leave(most: int, share: int) -> None:
    assert taken_alone([payer("192.0.2.2"), *[payer("192.0.2.1")] * 100], most) == 1 + share


@pytest.mark.parametrize(("most", "share"), [(1, 1), (2, 1), (3, 2), (4, 2), (8, 5), (16, 11), (17, 11)])
def test_one_client_alone_takes_more_and_leaves_room_for_others_of_its_account_and_of_others(
    most: int, share: int
) -> None:
    assert taken_alone([payer("192.0.2.1")] * 100, most) == share
    calls = [payer("192.0.2.1")] * share
    assert most < 4 or may_take(payer("192.0.2.1", client=QuietSession()), calls, most)
    assert most < 8 or may_take(payer("192.0.2.1", client=QuietSession()), [*calls, payer("192.0.2.2")], most)
    assert most == 1 or may_take(payer("192.0.2.2"), calls, most)


@pytest.mark.parametrize(("most", "share"), [(1, 1), (2, 1), (3, 2), (4, 3), (8, 6), (16, 12), (100, 75)])
def test_the_sessions_of_one_address_leave_a_quarter_and_one_at_least(most: int, share: int) -> None:
    assert taken_alone([payer("192.0.2.1", client=QuietSession()) for _ in range(200)], most) == share


def test_a_session_finds_room_beside_calls_of_its_address() -> None:
    calls = [payer("192.0.2.1")] * 8
    assert may_take(payer("192.0.2.1", client=QuietSession()), calls, 16)


def test_four_clients_that_take_all_they_may_are_needed_to_fill_sixteen_places() -> None:
    payers = [each for number in range(4) for each in [payer(f"192.0.2.{number}")] * 16]
    assert taken_alone(payers[:-16], 16) == 15
    assert taken_alone(payers, 16) == 16


@given(st.integers(1, 20), st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([None, 1, 2, 3]))))
def test_whoever_holds_none_finds_room_while_there_is_any_and_nobody_else_takes_the_last_place(
    most: int, comers: list[tuple[str, int | None]]
) -> None:
    taken: list[Payer] = []
    for account, client in comers:
        one = Payer(account=account, client=client)
        holds = any(each.account == account for each in taken)
        free = most - len(taken)
        if may_take(one, taken, most):
            assert free > holds
            taken.append(one)
        else:
            assert holds or not free


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
        ("", ""),
        ("no:address", "no:address"),
    ],
)
def test_an_address_counts_by_what_one_client_cannot_choose(address: str, network: str) -> None:
    assert network_of(address) == network
