"""What the middleware of a configuration costs a call: microseconds of CPU, in this process, without a wire.

    python -m bench.middleware [-c FILE] [--header 'Authorization: Bearer ...'] [--log-format json] >/dev/null

Without FILE that is `EVERYTHING`, with a token of the file and with one of an issuer. Each middleware is measured alone
and all of them together, admission included, against the bare chain; a header of the option is what clients bring. All
are measured in turn, round after round, so that what else the machine does is spread over all. The table goes to
stderr: the log's lines, which are part of what is measured, go to stdout.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import attrs
import trio
from msgspec.structs import replace

from argus_trio.config.load import parse
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import MiddlewareSpec
from argus_trio.core.access.arrival import Admit, RequestArrival
from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.access.target import Target
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.core.call.record import CallRecord
from argus_trio.core.log_level import CurrentLevel
from argus_trio.core.redaction import Redactor
from argus_trio.logs.setup import set_up_logs
from argus_trio.logs.writer import writing_log
from argus_trio.pipeline.build import build_pipeline
from argus_trio.wire.envelope import Params, encode_raw
from argus_trio.wire.revisions import Era
from tests.servers.oidc_issuer import AUDIENCE, running_issuer

CALLS = 3_000
ROUNDS = 12
"""The cheapest of so many counts: whatever else the machine does only adds."""
TOKEN = "0f8e7d6c5b4a392817060f8e7d6c5b4a"
EVERYTHING = """
version: "1"
server: {{public_url: "https://argus.example"}}
middleware:
  - type: logging
  - type: authentication
    methods: [{method}]
  - type: rbac
    roles: {{reader: {{allow: ["tool:docs__*", "resource:*"], deny: ["tool:docs__write*"]}}}}
    scopes: {{"tool:docs__write*": [docs.write]}}
  - type: rate_limit
    limits:
      - {{scope: principal, calls: 1000000, per: 60}}
      - {{scope: global, calls: 1000000, per: 60}}
      - {{scope: principal, tools: ["search__*", "docs__*"], calls: 1000000, per: 60}}
      - {{scope: principal, methods: [tools/list], calls: 30, per: 60}}
backends:
  docs: {{type: streamable-http, url: "https://docs.example/mcp"}}
"""
BEARER = f"{{type: bearer, tokens: [{{token: {TOKEN}, principal: ops, roles: [reader]}}]}}"
JWT = "{{type: jwt, issuer: '{issuer}', audience: {audience}}}"
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


@attrs.define(eq=False, kw_only=True)
class Variant:
    """Some middleware of a configuration, up, and the cheapest round of calls through it."""

    label: str
    handler: Handler
    admit: Admit | None
    fields: dict[bytes, bytes]
    principal: Principal
    """Who calls where nobody is asked for."""
    best: float = float("inf")

    @classmethod
    async def started(cls, label: str, config: Config, nursery: trio.Nursery, brought: Brought) -> Variant:
        """Build it, and begin what it holds."""
        pipeline = build_pipeline(config, folder=brought.folder)
        for lifetime in pipeline.lifetimes:
            lifetime.take()
            await nursery.start(lifetime.run)
        handler = pipeline.handler(end, lambda _: TARGET)
        admit = pipeline.access.admit
        principal = brought.principal if admit is None else await admit(_arrival(brought.fields))
        return cls(label=label, handler=handler, admit=admit, fields=brought.fields, principal=principal)

    async def round(self, calls: int) -> None:
        """So many calls."""
        started = time.process_time()
        for _ in range(calls):
            arrival = _arrival(self.fields)
            principal = self.principal if self.admit is None else await self.admit(arrival)
            await self.handler(SilentExchange(replace(CALL, principal=principal)))
        self.best = min(self.best, (time.process_time() - started) / calls * 1e6)


@attrs.frozen(kw_only=True)
class Brought:
    """What clients bring, and where the configuration is."""

    fields: dict[bytes, bytes]
    folder: Path
    principal: Principal = ANONYMOUS


def _arrival(fields: dict[bytes, bytes]) -> RequestArrival:
    return RequestArrival(path="/mcp", address=CALL.address, is_from_proxy=False, fields=fields)


async def variants(title: str, config: Config, brought: Brought, nursery: trio.Nursery) -> list[Variant]:
    """The bare chain, everything, and each middleware alone, for whom everything lets in."""

    async def started(label: str, *chosen: MiddlewareSpec) -> Variant:
        return await Variant.started(label, attrs.evolve(config, middleware=chosen), nursery, brought)

    everything = await started(f"{title}: all of them", *config.middleware)
    brought = attrs.evolve(brought, principal=everything.principal)
    bare = await started(f"{title}: the bare chain")
    alone = [
        await started(f"{title}: {index}, {type(spec).__name__}", spec) for index, spec in enumerate(config.middleware)
    ]
    return [bare, *alone, everything]


async def tabulated(groups: Mapping[str, tuple[Config, Brought]], calls: int) -> None:
    """Measure, and print a row for each."""
    async with trio.open_nursery() as nursery:
        found = [await variants(title, *each, nursery) for title, each in groups.items()]
        for _ in range(ROUNDS):
            for variant in (variant for group in found for variant in group):
                await variant.round(calls)
        nursery.cancel_scope.cancel()
    for bare, *others in found:
        print(f"{bare.label:44} {bare.best:8.2f} µs", file=sys.stderr)
        for variant in others:
            print(f"{variant.label:44} {variant.best - bare.best:+8.2f} µs", file=sys.stderr)


def main(options: argparse.Namespace) -> None:
    """Measure what the options say."""
    fields = {name.strip().lower().encode(): value.strip().encode() for name, value in map(_split, options.header)}
    with running_issuer() as issuer, writing_log(sys.stdout.fileno()) as writer:
        set_up_logs(options.log_format, CurrentLevel("info"), Redactor((TOKEN,)), writer.write)
        if options.config:
            path = Path(options.config)
            config = parse(path.read_text(), source=str(path), folder=path.parent, environ=os.environ)
            groups = {path.name: (config, Brought(fields=fields, folder=path.parent))}
        else:
            jwt = JWT.format(issuer=issuer.url, audience=AUDIENCE)
            groups = {
                title: (
                    parse(EVERYTHING.format(method=method), source=title, folder=Path(), environ={}),
                    Brought(fields={b"authorization": f"Bearer {token}".encode()}, folder=Path()),
                )
                for title, method, token in (("bearer", BEARER, TOKEN), ("jwt", jwt, issuer.token()))
            }
        trio.run(tabulated, groups, options.calls)


def _split(header: str) -> tuple[str, str]:
    name, _, value = header.partition(":")
    return name, value


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.middleware", description="Measure middleware.")
    parser.add_argument("-c", "--config", help="the configuration whose middleware is measured")
    parser.add_argument("--header", action="append", default=[], help="a header field that clients bring")
    parser.add_argument("--log-format", choices=["json", "console"], default="json")
    parser.add_argument("--calls", type=int, default=CALLS, help="calls of a round")
    main(parser.parse_args())
