"""Limits around calls and requests: whose count, which count, what a refusal says, and what lasts."""

from __future__ import annotations

from collections import Counter

import pytest
import trio
import trio.testing

from argus_trio.config.model.authentication import HeaderMethod
from argus_trio.config.model.middleware import AuthenticationSpec, RateLimit, RateLimitSpec, is_at_arrival
from argus_trio.core.access.arrival import RequestArrival, Unadmitted
from argus_trio.core.access.principal import ANONYMOUS
from argus_trio.core.call.exchange import Exchange, Handler
from argus_trio.errors import InvalidParams
from argus_trio.pipeline.gate import Gate
from argus_trio.pipeline.kept_state import KeptState
from argus_trio.pipeline.limits.rate_limit import rate_limit_stage
from argus_trio.pipeline.pipeline import Pipeline
from tests.pipeline.support.limits import Behind, call, linked, passes, per_minute, pipeline, refusal

OTHER_METHODS = ("tools/list", "resources/subscribe", "tasks/get", "vendor/thing")
COUNTED = ("tools/call", "prompts/get", "resources/read", "completion/complete")


def handler(of: Pipeline, end: Handler | None = None) -> Handler:
    return linked(of.stages, end or Behind())


async def count(served_by: Handler, times: int, **asked: str) -> int:
    return sum([await passes(served_by, call(**asked)) for _ in range(times)])


async def test_each_principal_has_a_bucket_wherever_it_calls_from(autojump_clock: trio.testing.MockClock) -> None:
    behind = Behind()
    served_by = handler(pipeline(per_minute(3)), behind)
    assert await count(served_by, 2, by="ada", at="192.0.2.1") == 2
    assert await count(served_by, 2, by="ada", at="192.0.2.2") == 1
    assert await count(served_by, 5, by="bob", at="192.0.2.1") == 3
    assert behind.served == 6
    await trio.sleep(20)
    assert await count(served_by, 5, by="ada") == 1


async def test_who_is_not_known_is_counted_by_address(autojump_clock: trio.testing.MockClock) -> None:
    served_by = handler(pipeline(per_minute(1)))
    assert await count(served_by, 2, at="192.0.2.1") == 1
    assert await count(served_by, 2, at="2001:db8::1") == 1
    assert await count(served_by, 2, at="2001:db8::2") == 0
    assert await count(served_by, 2) == 1


async def test_a_global_limit_counts_all_together(autojump_clock: trio.testing.MockClock) -> None:
    served_by = handler(pipeline(per_minute(3, scope="global")))
    assert await count(served_by, 2, by="ada") + await count(served_by, 2, at="192.0.2.1") == 3


@pytest.mark.parametrize("method", COUNTED)
async def test_a_limit_that_names_nothing_counts_what_backends_have_to_do(
    method: str, autojump_clock: trio.testing.MockClock
) -> None:
    served_by = handler(pipeline(per_minute(1)))
    for other in OTHER_METHODS:
        assert await count(served_by, 3, method=other) == 3
    assert await count(served_by, 3, method=method) == 1


async def test_methods_are_names_or_globs(autojump_clock: trio.testing.MockClock) -> None:
    served_by = handler(pipeline(per_minute(2, methods=("tools/list", "tasks/*"))))
    assert await count(served_by, 2, method="tools/list") + await count(served_by, 2, method="tasks/get") == 2
    assert await count(served_by, 5) == 5
    assert await count(served_by, 5, method="tools/lists") == 5


async def test_tools_are_counted_by_the_name_that_is_shown(autojump_clock: trio.testing.MockClock) -> None:
    served_by = handler(pipeline(per_minute(1, tools=("search__*", "x"))))
    assert await count(served_by, 2, name="docs__read") == 2
    assert await count(served_by, 2, name="search__web") + await count(served_by, 2, name="x") == 1
    assert await count(served_by, 2, method="prompts/get", name="x") == 2


async def test_a_call_that_one_limit_refuses_is_counted_by_no_other(autojump_clock: trio.testing.MockClock) -> None:
    served_by = handler(pipeline(per_minute(1, tools=("search",)), per_minute(4, scope="global")))
    assert await count(served_by, 10, name="search") == 1
    assert await count(served_by, 10, name="read") == 3


async def test_a_refusal_says_which_limit_and_when_to_come_again(autojump_clock: trio.testing.MockClock) -> None:
    served_by = handler(pipeline(per_minute(7)))
    assert await count(served_by, 7) == 7
    await trio.sleep(1.5)
    error = await refusal(served_by, call())
    assert (error.code, error.http_status) == (-31012, 200)
    assert error.data == {"retryAfter": 7.072, "limit": {"scope": "principal", "calls": 7, "per": 60}}
    assert error.message == "too many calls: 7 per 60 s for each client; the next one may come in 7.072 s"
    await trio.sleep(error.retry_after)
    assert await passes(served_by, call())


async def test_a_refusal_names_nothing_but_what_the_client_named(autojump_clock: trio.testing.MockClock) -> None:
    served_by = handler(pipeline(per_minute(1, tools=("secret__*", "search__?")), per_minute(1, methods=("tasks/*",))))
    assert await passes(served_by, call(name="search__a"))
    assert await passes(served_by, call("tasks/get"))
    told = (await refusal(served_by, call(name="search__b")), await refusal(served_by, call("tasks/list")))
    assert told[0].limit == {"scope": "principal", "calls": 1, "per": 60, "tool": "search__b"}
    assert told[1].limit == {"scope": "principal", "calls": 1, "per": 60, "method": "tasks/list"}


async def test_a_call_that_goes_on_by_a_state_of_ours_counts_once(autojump_clock: trio.testing.MockClock) -> None:
    served_by = handler(pipeline(per_minute(2)))
    assert await passes(served_by, call(by="ada"))
    assert await passes(served_by, call(by="ada", continues="first round"))
    assert await passes(served_by, call(by="ada", continues="second round"))
    assert await passes(served_by, call(by="ada"))
    assert not await passes(served_by, call(by="ada", continues="second round"))  # a state that is used again


async def test_a_thousand_callers_over_a_day_are_granted_exactly_what_they_should_be(
    autojump_clock: trio.testing.MockClock,
) -> None:
    served_by = handler(pipeline(per_minute(2, per=28_800.0)))
    granted: Counter[str] = Counter()

    async def caller(name: str) -> None:
        while trio.current_time() < 86_400:
            if await passes(served_by, call(by=name)):
                granted[name] += 1
            else:
                await trio.sleep((await refusal(served_by, call(by=name))).retry_after)

    async with trio.open_nursery() as nursery:
        for number in range(1000):
            nursery.start_soon(caller, f"caller {number}")
    assert len(granted) == 1000
    assert set(granted.values()) == {2 + 5}


async def test_of_calls_that_come_at_the_same_time_not_one_too_many_passes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def slow(_: Exchange) -> bytes:
        await trio.sleep(1)
        return b"{}"

    served_by, granted = handler(pipeline(per_minute(10)), slow), Counter[bool]()

    async def once() -> None:
        did_pass = await passes(served_by, call(by="ada"))
        granted[did_pass] += 1

    async with trio.open_nursery() as nursery:
        for _ in range(1000):
            nursery.start_soon(once)
    assert granted == {True: 10, False: 990}


async def test_the_order_of_the_file_says_whether_a_denied_call_counts(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def deny(exchange: Exchange, call_next: Handler) -> bytes:
        if b"secret" in bytes(exchange.call.params["name"]):
            raise InvalidParams("unknown tool: secret")
        return await call_next(exchange)

    for denier_first, left in ((True, 3), (False, 1)):
        (limits,) = pipeline(per_minute(3)).stages
        served_by = linked((deny, limits) if denier_first else (limits, deny), Behind())
        for _ in range(2):
            with pytest.raises(InvalidParams):
                await passes(served_by, call(name="secret"))
        assert await count(served_by, 5) == left


async def test_buckets_last_over_a_reload_while_their_limit_stays_the_same(
    autojump_clock: trio.testing.MockClock,
) -> None:
    first = pipeline(per_minute(2), per_minute(5, scope="global"))
    assert await count(handler(first), 9) == 2
    kept = pipeline(per_minute(9, tools=("x",)), per_minute(2), before=first.kept)
    assert await count(handler(kept), 9) == 0
    changed = pipeline(per_minute(3), before=kept.kept)
    assert await count(handler(changed), 9) == 3


def arrival(address: str) -> RequestArrival:
    return RequestArrival(path="/mcp", address=address, is_from_proxy=False, fields={})


async def test_before_authentication_every_request_counts_by_address(autojump_clock: trio.testing.MockClock) -> None:
    limits = (per_minute(2), RateLimit(scope="global", calls=3, per=60))
    stage = rate_limit_stage(RateLimitSpec(limits=limits), KeptState({}), is_at_arrival=True)
    assert stage.call is None
    admit = Gate((stage,))
    assert await admit(arrival("192.0.2.1")) is ANONYMOUS
    assert await admit(arrival("192.0.2.1")) is ANONYMOUS
    with pytest.raises(Unadmitted, match="2 per 60 s for each client") as caught:
        await admit(arrival("192.0.2.1"))
    assert (caught.value.status, caught.value.error, caught.value.retry_after) == (429, "rate_limited", 30.0)
    assert await admit(arrival("192.0.2.2")) is ANONYMOUS
    with pytest.raises(Unadmitted, match="3 per 60 s for all"):
        await admit(arrival("192.0.2.3"))


def test_limits_count_requests_where_authentication_is_still_to_come() -> None:
    limits = RateLimitSpec(limits=(per_minute(1),))
    login = AuthenticationSpec(methods=(HeaderMethod(header="X-User"),))
    equal = RateLimitSpec(limits=(per_minute(1),))
    assert is_at_arrival(limits, (limits, login, equal))
    assert not is_at_arrival(equal, (limits, login, equal))
