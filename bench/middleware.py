"""What the middleware of a configuration costs a call: microseconds of CPU, in this process, without a wire.

    python -m bench.middleware [-c FILE] [--header 'Authorization: Bearer ...'] [--calls N] >/dev/null

Without FILE four limits are measured. Each middleware is measured alone and all of them together, admission included,
against the bare chain; a header of the option is what clients bring. The table goes to stderr: what a middleware logs
goes to stdout.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import attrs
import trio

from argus_trio.config.load import parse
from argus_trio.config.model.config import Config
from argus_trio.core.access.arrival import RequestArrival
from argus_trio.core.access.principal import ANONYMOUS
from argus_trio.core.access.target import Target
from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.core.call.record import CallRecord
from argus_trio.pipeline.build import build_pipeline
from argus_trio.wire.envelope import Params, encode_raw
from argus_trio.wire.revisions import Era

CALLS = 20_000
ROUNDS = 5
"""The cheapest of so many counts: whatever else the machine does only adds."""
LIMITS = """
version: "1"
backends: {}
middleware:
  - type: rate_limit
    limits:
      - {scope: principal, calls: 1000000, per: 60}
      - {scope: global, calls: 1000000, per: 60}
      - {scope: principal, tools: ["search__*", "docs__*"], calls: 1000000, per: 60}
      - {scope: principal, methods: [tools/list], calls: 30, per: 60}
"""
TARGET = Target(kind="tool", shown="docs__search", backend="docs", own="search")
CALL = Call(
    method="tools/call",
    params={"name": encode_raw(TARGET.shown), "arguments": encode_raw({"text": "x" * 1024})},
    era=Era.MODERN,
    revision="2026-07-28",
    address="192.0.2.1",
)
RESULT = b'{"content":[{"type":"text","text":"%b"}]}' % (b"x" * 1024)


@attrs.define(eq=False)
class SilentExchange:
    """An exchange whose client is told nothing."""

    call: Call
    record: CallRecord | None = attrs.field(default=None, init=False)

    async def notify(self, method: str, params: Params) -> None:
        """Tell nobody."""

    async def ask(self, method: str, params: Params) -> bytes:
        """Ask nobody."""
        raise AssertionError(method, params)


async def end(_: Exchange) -> bytes:
    """Answer as a backend would."""
    return RESULT


async def measured(config: Config, folder: Path, fields: dict[bytes, bytes], calls: int) -> float:
    """The microseconds of CPU that one call costs."""
    pipeline = build_pipeline(config, folder=folder)
    handler, admit = pipeline.handler(end, lambda _: TARGET), pipeline.access.admit
    best = float("inf")
    async with trio.open_nursery() as nursery:
        for lifetime in pipeline.lifetimes:
            lifetime.take()
            await nursery.start(lifetime.run)
        for _ in range(ROUNDS):
            started = time.process_time()
            for _ in range(calls):
                arrival = RequestArrival(path="/mcp", address=CALL.address, is_from_proxy=False, fields=fields)
                principal = ANONYMOUS if admit is None else await admit(arrival)
                await handler(SilentExchange(attrs.evolve(CALL, principal=principal)))
            best = min(best, time.process_time() - started)
        for lifetime in pipeline.lifetimes:
            lifetime.give_back()
    return best / calls * 1e6


async def main(options: argparse.Namespace) -> None:
    """Measure, and print a row for each."""
    path = Path(options.config) if options.config else None
    text, folder = (LIMITS, Path()) if path is None else (path.read_text(), path.parent)
    config = parse(text, source=str(path or "limits"), folder=folder, environ=os.environ)
    fields = {name.strip().lower().encode(): value.strip().encode() for name, value in map(_split, options.header)}

    async def above(*chosen: int) -> float:
        middleware = tuple(config.middleware[each] for each in chosen)
        return await measured(attrs.evolve(config, middleware=middleware), folder, fields, options.calls)

    bare = await above()
    print(f"{'the bare chain':40} {bare:8.2f} µs", file=sys.stderr)
    for index, spec in enumerate(config.middleware):
        cost = await above(index) - bare
        print(f"{index}: {type(spec).__name__:37} {cost:+8.2f} µs", file=sys.stderr)
    everything = await above(*range(len(config.middleware))) - bare
    print(f"{'all of them':40} {everything:+8.2f} µs", file=sys.stderr)


def _split(header: str) -> tuple[str, str]:
    name, _, value = header.partition(":")
    return name, value


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.middleware", description="Measure middleware.")
    parser.add_argument("-c", "--config", help="the configuration whose middleware is measured")
    parser.add_argument("--header", action="append", default=[], help="a header field that clients bring")
    parser.add_argument("--calls", type=int, default=CALLS)
    trio.run(main, parser.parse_args())
