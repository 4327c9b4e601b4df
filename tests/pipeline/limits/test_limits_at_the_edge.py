"""Limits behind a real socket: the rounds of a call count once, and requests before authentication get a 429."""

from __future__ import annotations

import json

from argus_trio.config.model.middleware import RateLimitSpec
from argus_trio.config.model.server import Server
from argus_trio.core.access.access import Access
from argus_trio.core.rates.gcra import NANOSECONDS
from argus_trio.frontend.http.served_settings import ServedSettings
from argus_trio.frontend.input_required.request_state import STATE_LIFE_SECONDS
from argus_trio.pipeline.gate import Gate
from argus_trio.pipeline.kept_state import KeptState
from argus_trio.pipeline.limits.rate_limit import STATE_NS, rate_limit_stage
from argus_trio.wire.revisions import BATCH_REVISION
from tests.frontend.support.rounds import ACCEPTED, ROOTS, Asker, asked_in, call_tool, said_in
from tests.frontend.support.serving import (
    Answer,
    Backstage,
    call,
    connected,
    initialized,
    modern,
    modern_headers,
    post,
    serving,
)
from tests.pipeline.support.limits import linked, per_minute, pipeline

REFUSED = -31012


def test_a_state_is_known_as_used_for_as_long_as_it_is_good() -> None:
    assert STATE_NS == STATE_LIFE_SECONDS * NANOSECONDS


async def test_the_rounds_of_a_call_that_the_gateway_parks_count_once() -> None:
    async with serving(handler=linked(pipeline(per_minute(1)).stages, Asker().handle)) as served:
        _, state = asked_in(await call_tool(served, "in_turn"))
        _, later = asked_in(
            await call_tool(served, "in_turn", 2, inputResponses={"ask-1": ACCEPTED}, requestState=state)
        )
        assert "roots" in said_in(
            await call_tool(served, "in_turn", 3, inputResponses={"ask-2": ROOTS}, requestState=later)
        )
        assert (await call_tool(served, "in_turn", 4)).error[0] == REFUSED


async def test_a_retry_of_a_call_that_its_backend_asks_back_counts_once_and_its_state_again_as_a_call() -> None:
    asker = Asker()
    async with serving(handler=linked(pipeline(per_minute(1)).stages, asker.handle)) as served:
        _, state = asked_in(await call_tool(served, "stateful"))

        async def again(message_id: int) -> Answer:
            return await call_tool(served, "stateful", message_id, inputResponses={"q": ACCEPTED}, requestState=state)

        assert "their" in said_in(await again(2))
        assert (await again(3)).error[0] == REFUSED
        assert len(asker.calls) == 2


async def test_a_state_that_is_none_of_ours_saves_nobody_a_call() -> None:
    async with serving(handler=linked(pipeline(per_minute(1)).stages, Asker().handle)) as served:
        _, state = asked_in(await call_tool(served, "stateful"))
        other = await call_tool(served, "stateful", 2, requestState=state[:-4] + "AAAA")
        assert other.error[0] == -32602
        assert (await call_tool(served, "plain", 3)).error[0] == REFUSED


async def test_before_authentication_a_request_too_many_is_turned_away_unread() -> None:
    async with serving() as served:
        spec = RateLimitSpec(limits=(per_minute(2, per=600),))
        stage = rate_limit_stage(spec, KeptState({}), is_at_arrival=True)
        served.settings.renew(ServedSettings.of(Server(port=0), access=Access(admit=Gate((stage,)))))
        for message_id in (1, 2):
            assert (await call_tool(served, "echo", message_id)).status == 200
        refused = await call_tool(served, "echo", 3)
        assert refused.status == 429
        assert 0 < int(refused.headers["retry-after"]) <= 300
        assert refused.json["error"] == "rate_limited"


async def test_a_stream_of_subscriptions_counts_once_as_it_begins() -> None:
    limits = pipeline(per_minute(1, methods=("subscriptions/*",)))
    async with serving(handler=linked(limits.stages, Backstage().handle)) as served:
        body = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        async with connected(served) as client:
            await client.send("POST", "/mcp", modern_headers("subscriptions/listen"), body)
            status, headers = await client.head()
            assert (status, headers["content-type"]) == (200, "text/event-stream")
            refused = await post(served, body, modern_headers("subscriptions/listen"))
            assert (refused.status, refused.error[0], refused.json["id"]) == (200, REFUSED, 1)


async def test_a_batch_counts_each_of_its_calls() -> None:
    async with serving(handler=linked(pipeline(per_minute(2)).stages, Backstage().handle)) as served:
        headers = await initialized(served, BATCH_REVISION)
        calls = b",".join(call("echo", message_id) for message_id in (1, 2, 3))
        answer = await post(served, b"[%b]" % calls, headers)
        outcomes = [each.get("error", {}).get("code") for each in json.loads(answer.body)]
        assert sorted(outcomes, key=str) == [REFUSED, None, None]
