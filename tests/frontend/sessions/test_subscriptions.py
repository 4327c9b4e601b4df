"""How many subscriptions a session may have, and their bytes."""

from __future__ import annotations

import pytest

from argus_trio.core.call.exchange import Exchange
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.memory import Memory
from argus_trio.errors import InvalidParams, Overloaded
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.sessions.dispatch import respond
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.frontend.sessions.streams import Streams
from argus_trio.frontend.sessions.subscriptions import MAX_SUBSCRIPTION_BYTES, MAX_SUBSCRIPTIONS, SubscriptionQuota
from argus_trio.wire.envelope import Request, encode_raw
from tests.frontend.support.serving import WELL


def test_there_are_so_many_and_one_that_ends_makes_room() -> None:
    memory = Memory()
    quota = SubscriptionQuota(memory)
    for number in range(MAX_SUBSCRIPTIONS):
        assert quota.begin(b"a://%d" % number)
    assert not quota.begin(b"a://1")
    with pytest.raises(Overloaded, match="resources/unsubscribe"):
        quota.begin(b"a://x")
    quota.end(b"a://1")
    quota.end(b"a://1")
    assert quota.begin(b"a://x")
    quota.clear()
    assert (len(quota), memory.size) == (0, 0)


def test_their_uris_have_a_bound_together() -> None:
    quota = SubscriptionQuota(Memory())
    quota.begin(b"a" * (MAX_SUBSCRIPTION_BYTES - 1))
    assert quota.begin(b"b")
    with pytest.raises(Overloaded):
        quota.begin(b"c")


async def test_what_was_refused_or_ended_does_not_count() -> None:
    refuses = [True]

    async def handle(_: Exchange) -> bytes:
        if refuses[0]:
            raise InvalidParams("no")
        return b"{}"

    gateway = Gateway(handler=handle, identity=lambda _: GatewayIdentity(version="1"), health=lambda: WELL)
    streams = Streams(Memory())
    session = HttpSession(id="s", standalone=streams, streams=streams)
    params = {"uri": encode_raw("a://b")}
    await respond(gateway, session, Request(b"1", "resources/subscribe", params), streams)
    assert len(session.quota) == 0
    refuses[0] = False
    await respond(gateway, session, Request(b"1", "resources/subscribe", params), streams)
    assert len(session.quota) == 1
    refuses[0] = True
    await respond(gateway, session, Request(b"1", "resources/unsubscribe", params), streams)
    await respond(gateway, session, Request(b"1", "resources/subscribe", params), streams)
    assert len(session.quota) == 1
    refuses[0] = False
    await respond(gateway, session, Request(b"1", "resources/unsubscribe", params), streams)
    assert len(session.quota) == 0


async def test_one_too_many_is_answered_with_an_error() -> None:
    async def handle(_: Exchange) -> bytes:
        return b"{}"

    gateway = Gateway(handler=handle, identity=lambda _: GatewayIdentity(version="1"), health=lambda: WELL)
    streams = Streams(Memory())
    session = HttpSession(id="s", standalone=streams, streams=streams)
    answer: bytes | None = b""
    for number in range(MAX_SUBSCRIPTIONS + 1):
        params = {"uri": encode_raw(f"a://{number}")}
        answer = await respond(gateway, session, Request(b"1", "resources/subscribe", params), streams)
    assert answer is not None
    assert b"-31016" in answer
    session.end()
    assert session.memory.size == 0
