"""Limits on how often calls may be made: in the chain around each call, or as requests arrive, before authentication.

A refused call has waited for nothing and reached no backend. Of several limits none is charged if one refuses.
"""

from __future__ import annotations

from typing import Final

import attrs
import trio

from argus_trio.config.model.middleware import RateLimit, RateLimitSpec
from argus_trio.core.access.arrival import RequestArrival, Unadmitted
from argus_trio.core.access.denials import RateLimited, seconds
from argus_trio.core.access.principal import Principal
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.core.rates.buckets import Buckets, Charge, Shortage
from argus_trio.core.rates.callers import EVERYBODY, caller_at, caller_of
from argus_trio.core.rates.first_uses import FirstUses
from argus_trio.core.rates.gcra import NANOSECONDS, BucketRule
from argus_trio.pipeline.kept_state import KeptState
from argus_trio.pipeline.lifetime import Lifetime
from argus_trio.pipeline.limits.counted_calls import TOOL_CALL, CountedCalls, rate_of
from argus_trio.pipeline.limits.reports import LimitReport, Reporting
from argus_trio.pipeline.limits.store import BucketStore, MemoryBucketStore
from argus_trio.pipeline.stage import Stage
from argus_trio.wire.members import string_member

STATE_NS: Final = 600 * NANOSECONDS
"""How long a state of a call that goes on is good for; see `input_required/request_state.py` of the front end."""
MOST_METHODS: Final = 64
"""For how many methods it is remembered which limits count them: extensions of MCP bring further ones."""


@attrs.define(eq=False, repr=False, kw_only=True)
class RateLimiter:
    """The limits of one stage in the chain; a `Middleware`."""

    counted: tuple[CountedCalls, ...]
    store: BucketStore
    reports: tuple[LimitReport, ...]
    """Of each limit."""
    rounds: FirstUses
    """The states by which calls have gone on."""
    _names_tools: bool = attrs.field(init=False)
    """Whether any limit counts some tools only."""
    _by_method: dict[str, tuple[int, ...]] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._names_tools = any(each.tools is not None for each in self.counted)

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        """Let the exchange pass if no limit refuses it. Raises `RateLimited`."""
        call = exchange.call
        now_ns = _now_ns()
        if not call.continues or not self.rounds.is_first(call.continues, now_ns):
            names_one = self._names_tools and call.method == TOOL_CALL
            tool = string_member(call.params, "name") if names_one else None
            charges = self._charges(call, tool)
            shortage = await self.store.take(charges, now_ns) if charges else None
            if shortage is not None:
                raise self._refusal(call, tool, shortage)
        return await call_next(exchange)

    def _charges(self, call: Call, tool: str | None) -> list[Charge]:
        found = self._by_method.get(call.method)
        if found is None:
            found = tuple(n for n, each in enumerate(self.counted) if each.methods.match(call.method))
            if len(self._by_method) < MOST_METHODS:
                self._by_method[call.method] = found
        charges: list[Charge] = []
        for number in found:
            counted = self.counted[number]
            if counted.tools is not None and (tool is None or counted.tools.match(tool) is None):
                continue
            is_global = counted.limit.scope == "global"
            charges.append(Charge(number, EVERYBODY if is_global else caller_of(call.principal, call.address)))
        return charges

    def _refusal(self, call: Call, tool: str | None, shortage: Shortage) -> RateLimited:
        counted = self.counted[shortage.limit]
        self.reports[shortage.limit].refused(caller_of(call.principal, call.address))
        said = rate_of(counted.limit)
        return RateLimited(said, counted.concerned(call.method, tool), wait_ns=shortage.wait_ns)


@attrs.frozen(eq=False, repr=False)
class ArrivalLimiter:
    """The limits of a stage before authentication, where nothing is known of a request but its address; an `Arrive`."""

    limits: tuple[RateLimit, ...]
    store: BucketStore
    reports: tuple[LimitReport, ...]

    async def __call__(self, arrival: RequestArrival, principal: Principal | None) -> Principal | None:
        """Let the request pass if no limit refuses it. Raises `Unadmitted`."""
        now_ns, caller = _now_ns(), caller_at(arrival.address)
        charges = [Charge(n, EVERYBODY if each.scope == "global" else caller) for n, each in enumerate(self.limits)]
        shortage = await self.store.take(charges, now_ns)
        if shortage is None:
            return principal
        self.reports[shortage.limit].refused(caller)
        said, after = rate_of(self.limits[shortage.limit]), seconds(shortage.wait_ns)
        message = f"too many requests: {said}; the next one may come in {after:g} s"
        raise Unadmitted("rate_limited", message, status=429, retry_after=after)


def rate_limit_stage(spec: RateLimitSpec, kept: KeptState, *, is_at_arrival: bool) -> Stage:
    """The stage of these limits. Buckets are kept over a reload while the limit stays the same, and counts the same."""

    def buckets(limit: RateLimit) -> Buckets:
        rule = BucketRule.of(limit.calls, limit.per, limit.burst)
        return kept.keep(Buckets, (limit, is_at_arrival), lambda: Buckets(rule))

    def report(limit: RateLimit) -> LimitReport:
        return kept.keep(LimitReport, (limit, is_at_arrival), lambda: LimitReport(limit))

    store = MemoryBucketStore(tuple(map(buckets, spec.limits)))
    reports = tuple(map(report, spec.limits))
    reporting = kept.keep(Lifetime, (spec, is_at_arrival), lambda: Lifetime(Reporting(reports)))
    if is_at_arrival:
        return Stage(arrive=ArrivalLimiter(spec.limits, store, reports), lifetime=reporting)
    counted = tuple(map(CountedCalls.of, spec.limits))
    rounds = kept.keep(FirstUses, spec, lambda: FirstUses(STATE_NS))
    limiter = RateLimiter(counted=counted, store=store, reports=reports, rounds=rounds)
    return Stage(call=lambda _: limiter, lifetime=reporting)


def _now_ns() -> int:
    return int(trio.current_time() * NANOSECONDS)
