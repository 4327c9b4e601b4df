"""A gateway of which nothing but the necessary is known."""

from __future__ import annotations

from argus_trio.core.call.exchange import Call
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.health.health import Overview
from argus_trio.core.memory import Memory
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.frontend.sessions.streams import Streams
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era
from tests.frontend.support.serving import WELL, Backstage

BARE = Gateway(handler=Backstage().handle, identity=lambda _: GatewayIdentity(version="1"), health=lambda: WELL)


def test_it_has_no_backends_and_nothing_to_reload() -> None:
    assert BARE.overview() == Overview()
    assert BARE.control is None
    assert BARE.param_headers is None


def test_what_clients_tell_is_dropped() -> None:
    streams = Streams(Memory())
    client = HttpSession(id="s", standalone=streams, streams=streams)
    BARE.tell(client, "notifications/roots/list_changed", {})
    BARE.release(client)


async def test_nothing_can_be_subscribed_to() -> None:
    told: list[str] = []

    def deliver(method: str, params: Params) -> None:
        told.append(method)

    call = Call(method="subscriptions/listen", params={}, era=Era.MODERN, revision="2026-07-28")
    for watch in (BARE.watch, BARE.watch_tasks):
        async with watch(call, ["file:///a"], deliver) as honoured:
            assert honoured == ()
    assert told == []
