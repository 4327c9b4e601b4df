"""What the connection of a single client is asked to tell, and that a refusal of it fails nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connection.open import BackendAddress
from argus_trio.backends.connectivity.connection_subscriptions import ConnectionSubscriptions
from argus_trio.config.model.operation import Timeouts
from argus_trio.core.redaction import Redactor
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, Json, Refusal, empty
from tests.backends.support.scopes import spec
from tests.backends.support.talk import talk

CALL_SECONDS = 10.0


@attrs.define(eq=False)
class Subscribing:
    """The subscriptions of one connection, and the backend at its far end."""

    subscriptions: ConnectionSubscriptions
    connection: Connection
    backend: FakeBackend

    def asked(self, verb: str) -> list[object]:
        return [params["uri"] for method, params in self.backend.seen if method == f"resources/{verb}"]


@asynccontextmanager
async def subscribing(backend: FakeBackend) -> AsyncIterator[Subscribing]:
    declared = attrs.evolve(spec(), timeouts=Timeouts(call=CALL_SECONDS))
    address = BackendAddress(spec=declared, open_link=backend.open, redact=Redactor())
    async with talk(backend, is_exclusive=True) as t:
        subscriptions = ConnectionSubscriptions(address)
        subscriptions.hub.begin(t.connection)
        await wait_all_tasks_blocked()
        yield Subscribing(subscriptions, t.connection, backend)


def serving(*, refused: tuple[str, ...] = (), unanswered: tuple[str, ...] = ()) -> FakeBackend:
    async def subscribe(params: Json) -> Json:
        await trio.lowlevel.checkpoint()
        if params["uri"] in refused:
            raise Refusal(-32603, "not that one")
        if params["uri"] in unanswered:
            await trio.sleep_forever()
        return {}

    return FakeBackend(
        declares={"resources": {}}, answers={"resources/subscribe": subscribe, "resources/unsubscribe": empty}
    )


async def test_what_was_subscribed_to_over_an_earlier_connection_is_asked_for_again(autojump_clock: MockClock) -> None:
    async with subscribing(serving()) as o:
        await o.subscriptions.subscribe(o.connection, {"v", "u"})
        assert o.asked("subscribe") == ["u", "v"]
        assert o.subscriptions.subscribed == {"u", "v"}


async def test_a_refusal_is_logged_and_the_rest_is_asked_for(autojump_clock: MockClock) -> None:
    async with subscribing(serving(refused=("u",))) as o:
        with capture_logs() as logs:
            await o.subscriptions.subscribe(o.connection, {"u", "v"})
            await o.subscriptions.watch(o.connection, ["w"])
        assert o.asked("subscribe") == ["u", "v", "w"]
        assert [entry["event"] for entry in logs] == ["own_subscription_refused"]


async def test_all_that_is_asked_for_again_takes_no_longer_than_one_call(autojump_clock: MockClock) -> None:
    async with subscribing(serving(unanswered=("u",))) as o:
        began = trio.current_time()
        await o.subscriptions.subscribe(o.connection, ["u", "v"])
        assert trio.current_time() - began == pytest.approx(CALL_SECONDS)
        assert o.subscriptions.subscribed == {"u", "v"}, "it is wanted all the same"


async def test_what_is_watched_is_asked_for_once_and_not_where_its_session_has_subscribed(
    autojump_clock: MockClock,
) -> None:
    async with subscribing(serving()) as o:
        o.subscriptions.subscribed.add("s")
        for uris in (["u", "s"], ["u", "v"]):
            await o.subscriptions.watch(o.connection, uris)
        assert o.asked("subscribe") == ["u", "v"]
        assert o.subscriptions.watched == {"u", "v"}


async def test_what_is_watched_is_asked_for_side_by_side(autojump_clock: MockClock) -> None:
    async with subscribing(serving(unanswered=("u", "v"))) as o:
        began = trio.current_time()
        await o.subscriptions.watch(o.connection, ["u", "v"])
        assert trio.current_time() - began == pytest.approx(CALL_SECONDS)
        assert sorted(map(str, o.asked("subscribe"))) == ["u", "v"]


async def test_what_a_backend_refused_is_not_asked_for_again(autojump_clock: MockClock) -> None:
    async with subscribing(serving(refused=("u",))) as o:
        with capture_logs() as logs:
            for _ in range(2):
                await o.subscriptions.watch(o.connection, ["u"])
        assert o.asked("subscribe") == ["u"]
        assert [entry["event"] for entry in logs] == ["own_subscription_refused"]


async def test_what_had_not_been_answered_when_it_was_cancelled_is_asked_for_the_next_time(
    autojump_clock: MockClock,
) -> None:
    async with subscribing(serving(unanswered=("u",))) as o:
        with trio.move_on_after(1):
            await o.subscriptions.watch(o.connection, ["u", "v"])
        assert o.subscriptions.watched == {"v"}
        o.backend.answers["resources/subscribe"] = empty
        await o.subscriptions.watch(o.connection, ["u", "v"])
        assert sorted(map(str, o.asked("subscribe"))) == ["u", "u", "v"]
        assert o.subscriptions.watched == {"u", "v"}


async def test_only_what_is_watched_is_unwatched(autojump_clock: MockClock) -> None:
    async with subscribing(serving()) as o:
        await o.subscriptions.watch(o.connection, ["u"])
        for uri in ("v", "u", "u"):
            await o.subscriptions.unwatch(o.connection, uri)
        assert o.asked("unsubscribe") == ["u"]
        assert o.subscriptions.watched == set()


async def test_what_is_watched_over_a_connection_that_is_gone_is_unwatched_all_the_same(
    autojump_clock: MockClock,
) -> None:
    async with subscribing(serving()) as o:
        await o.subscriptions.watch(o.connection, ["u"])
        await o.subscriptions.unwatch(None, "u")
        assert (o.subscriptions.watched, o.asked("unsubscribe")) == (set(), [])


async def test_a_modern_backend_is_listened_to_for_what_is_watched_and_not_for_its_lists(
    autojump_clock: MockClock,
) -> None:
    async def listen(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend = FakeBackend(
        era=Era.MODERN, declares={"resources": {"subscribe": True}}, answers={"subscriptions/listen": listen}
    )
    async with subscribing(backend) as o:
        assert "subscriptions/listen" not in [method for method, _ in backend.seen]
        await o.subscriptions.watch(o.connection, ["u"])
        assert backend.seen[-1][1]["notifications"] == {"resourceSubscriptions": ["u"]}


async def test_a_resource_is_subscribed_to_once_however_it_is_spelled(autojump_clock: MockClock) -> None:
    async with subscribing(serving()) as o:
        await o.subscriptions.subscribe(o.connection, ["note://h/a b"])
        spellings = ("note://h/a%20b", "note://h/a b", "note://h/c")
        assert [o.subscriptions.subscribed_as(uri) for uri in spellings] == ["note://h/a b"] * 2 + ["note://h/c"]
