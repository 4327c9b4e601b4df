"""Who wants to hear of which resource: one subscription upstream for each URI, however many want it."""

from __future__ import annotations

from argus_trio.backends.subscriptions.table import UPDATED, SubscriptionTable
from argus_trio.core.call.exchange import Deliver
from argus_trio.wire.envelope import Params
from tests.backends.support.fakes import Json, raw


class Told:
    """What each subscriber was told, by its key."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def by(self, key: str) -> Deliver:
        def deliver(method: str, params: Params) -> None:
            assert method == UPDATED
            self.keys.append(key)

        return deliver


def nothing(method: str, params: Params) -> None:
    raise AssertionError("nothing was updated")


def table_of(**keys_by_uri: str) -> SubscriptionTable:
    """A letter is a key."""
    table = SubscriptionTable()
    for uri, keys in keys_by_uri.items():
        for key in keys:
            table.add(uri, key, nothing)
    return table


def test_only_the_first_who_wants_a_uri_has_it_subscribed_to_and_only_the_last_has_that_ended() -> None:
    table = SubscriptionTable()
    assert [table.add("u", key, nothing) for key in "abb"] == [True, False, False]
    assert [table.remove("u", key) for key in "abb"] == [False, True, False]
    assert table.uris == []
    assert table.add("u", "a", nothing), "it begins anew"


def test_who_never_wanted_a_uri_ends_nothing() -> None:
    table = table_of(u="a")
    assert not table.remove("u", "b")
    assert not table.remove("v", "a")
    assert table.uris == ["u"]


def test_uris_are_told_in_the_order_of_their_first_subscription_for_all_or_for_one() -> None:
    table = table_of(w="a", u="ab", v="b")
    assert table.uris == ["w", "u", "v"]
    assert table.uris_of("a") == ["w", "u"]
    assert table.uris_of("c") == []


def test_who_is_forgotten_wants_nothing_and_what_nobody_else_wants_is_told() -> None:
    table = table_of(u="a", v="ab", w="a", x="b")
    assert table.forget("a") == ["u", "w"]
    assert table.uris == ["v", "x"]
    assert table.forget("a") == []


def test_an_update_is_told_to_everyone_who_wants_this_resource_and_to_nobody_else() -> None:
    told, table = Told(), SubscriptionTable()
    for uri, key in (("u", "a"), ("u", "b"), ("v", "c")):
        table.add(uri, key, told.by(key))
    table.updated(raw({"uri": "u"}))
    assert told.keys == ["a", "b"]
    odd: list[Json] = [{"uri": "w"}, {"uri": 7}, {}]
    for params in odd:
        table.updated(raw(params))
    assert told.keys == ["a", "b"]


def test_who_subscribes_again_is_told_in_the_latest_way_alone() -> None:
    told, table = Told(), SubscriptionTable()
    table.add("u", "key", told.by("first"))
    table.add("u", "key", told.by("second"))
    table.updated(raw({"uri": "u"}))
    assert told.keys == ["second"]


def test_one_who_unsubscribes_while_an_update_is_told_does_not_hold_it_up() -> None:
    told, table = Told(), SubscriptionTable()

    def leave(method: str, params: Params) -> None:
        table.forget("a")
        table.forget("b")

    table.add("u", "a", leave)
    table.add("u", "b", told.by("b"))
    table.updated(raw({"uri": "u"}))
    assert told.keys == ["b"]
    assert table.uris == []


def test_everyone_is_taken_over_and_what_nobody_had_wanted_is_told() -> None:
    old, table, told = table_of(u="a", v="b"), table_of(v="c"), Told()
    old.add("w", "d", told.by("d"))
    assert table.take_over(old) == ["u", "w"]
    assert old.uris == []
    assert table.uris_of("b") == ["v"]
    assert table.uris_of("c") == ["v"]
    table.updated(raw({"uri": "w"}))
    assert told.keys == ["d"]


def test_spellings_of_one_uri_are_one_subscription_in_the_spelling_of_the_first() -> None:
    table, told = SubscriptionTable(), Told()
    assert table.add("note://H/a b", "a", told.by("a"))
    assert not table.add("note://h/a%20b", "b", told.by("b"))
    assert table.uris == ["note://H/a b"]
    table.updated(raw({"uri": "NOTE://h/a%20b"}))
    assert told.keys == ["a", "b"]
    assert not table.remove("note://h/a%20b", "a")
    assert table.remove("note://h/a b", "b")
