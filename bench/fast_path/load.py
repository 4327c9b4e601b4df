"""The load: one thread, raw sockets and epoll in a process of its own, so that it costs less than what it measures.

`python -m bench.fast_path.load` reads an order (a line of JSON) from its standard input, opens what it says and writes
`{}`. At each line `go` it puts the load on and writes what it saw; at `end` it closes all. So who asks can look at the
gateway's figures at each of these moments. An order that fails is told as `error`.
"""

from __future__ import annotations

import json
import resource
import select
import statistics
import sys
import time
from functools import partial

import attrs

from bench.fast_path.clients import LIMIT_S, Caller, Client, Failed, Listener, Visitor, Wire
from bench.fast_path.wire import Params, Place, message, session_of

WARM_UP = 2
"""Calls of each client before those that count."""


@attrs.frozen(kw_only=True)
class Order:
    """What load is wanted."""

    url: str
    kind: str = "calls"
    """`calls`, `visits` (whole sessions, each on a new connection), or `streams` (held open, no load)."""
    era: str = "legacy"
    """`legacy`, `modern`, or `sse`: HTTP+SSE."""
    method: str = "tools/call"
    params: Params = attrs.field(factory=dict)
    clients: int = 8
    seconds: float = 0.4
    held: int = 0
    """Sessions, or streams, that are open meanwhile."""
    forgives: int = 0
    """How many answers may be cut short: Caddy's of 100 KB are now and then."""
    pings: bool = False
    """Whether one more client asks for `ping` all the time, and what it sees is told as `longest_ms`."""


Idle = dict[str, list[Listener]]
"""Clients over HTTP+SSE that stay, by where they are: mcp-hub fails inwardly, at length, at each that goes."""


class Load:
    """What one order opens, puts on, and closes."""

    def __init__(self, order: Order, idle: Idle) -> None:
        self.order = order
        self.idle = idle
        self.place = Place(order.url)
        self.poll = select.epoll()
        self.by_number: dict[int, Client] = {}
        self.held: list[Wire] = []
        self.callers: list[Client] = []
        self.pinger: Client | None = None
        self.cut = 0

    def open(self) -> None:
        """Open what the order says. Raises: Failed, OSError."""
        order = self.order
        if order.kind == "streams":
            self.held = [self.stream() for _ in range(order.held)]
            return
        if order.held:
            self.hold_sessions()
        makes = self.visitor if order.kind == "visits" else self.caller
        for _ in range(order.clients):
            self.callers.append(makes())
        if order.pings:
            self.pinger = self.caller("ping", {})

    def greeted(self) -> tuple[Wire, str]:
        wire = Wire.to(self.place)
        return wire, self.session(wire)

    def session(self, wire: Wire) -> str:
        session = session_of(wire.exchange(self.place.greeting()))
        wire.exchange(self.place.initialized(session))
        return session

    def hold_sessions(self) -> None:
        """Open so many sessions on one connection."""
        wire = Wire.to(self.place)
        for _ in range(self.order.held):
            self.session(wire)
        self.held.append(wire)

    def stream(self) -> Wire:
        """A stream; a session before it on the same connection, where there are such."""
        if self.order.era == "sse":
            return Listener.to(Place(self.order.url.removesuffix("/mcp") + "/sse")).stream
        if self.order.era == "modern":
            wire = Wire.to(self.place)
            wire.send(self.place.modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}}))
        else:
            wire, session = self.greeted()
            wire.send(self.place.stream(session))
        while wire.size is None:
            wire.read()
        wire.proven()
        return wire

    def caller(self, method: str = "", params: Params | None = None) -> Client:
        """A client that has made some calls, so that nothing is the first of its kind."""
        caller = self.kind_of_caller(method or self.order.method, self.order.params if params is None else params)
        for _ in range(WARM_UP):
            answer = caller.call()
            if b'"result"' not in answer or b'"isError":true' in answer:
                raise Failed(repr(answer[:500]))
        caller.took.clear()
        return caller

    def kind_of_caller(self, method: str, params: Params) -> Caller | Listener:
        if self.order.era == "sse":
            there = self.idle.get(self.order.url)
            listener = there.pop() if there else Listener.to(self.place)
            listener.posts_anew()
            listener.request = Place(listener.there).post(message(method, params), "")
            return listener
        if self.order.era == "modern":
            wire, request = Wire.to(self.place), partial(self.place.modern, method)
        else:
            wire, session = self.greeted()
            request = partial(self.place.legacy, method, session=session)
        caller = Caller(wire, [request(params)])
        if method.endswith("/list"):
            caller.follow(lambda cursor: request({"cursor": cursor}))
        return caller

    def visitor(self) -> Client:
        def moved(wire: Wire, is_open: bool) -> None:
            if is_open:
                self.watch(visitor, wire)
            else:
                self.poll.unregister(wire.socket.fileno())

        visitor = Visitor(self.place, moved)
        return visitor

    def watch_all(self, callers: list[Client]) -> None:
        for each in callers:
            if isinstance(each, Listener):
                each.posts_anew()
            for wire in each.wires():
                self.watch(each, wire)

    def watch(self, caller: Client, wire: Wire) -> None:
        self.poll.register(wire.socket.fileno(), select.EPOLLIN)
        self.by_number[wire.socket.fileno()] = caller

    def run(self) -> dict[str, float]:
        """Calls until the time is over, and those that are under way then."""
        working = [*self.callers, *([self.pinger] if self.pinger else [])]
        if not working:
            return {}
        if not self.by_number:
            self.watch_all(working)
        for each in working:
            each.took.clear()
        began = time.perf_counter()
        end, left = began + self.order.seconds, len(working)
        for each in working:
            each.begin()
        while left:
            found = self.poll.poll(LIMIT_S)
            if not found:
                raise Failed(f"nothing was answered for {LIMIT_S:g} s")
            for number, _ in found:
                caller = self.by_number[number]
                if self.is_done(caller, number):
                    if time.perf_counter() < end:
                        caller.begin()
                    else:
                        left -= 1
        return self.seen(time.perf_counter() - began)

    def is_done(self, caller: Client, number: int) -> bool:
        """Whether the call is. One that a proxy cuts short is said anew on another connection."""
        try:
            return caller.ready(number)
        except Failed:
            self.cut += 1
            if not isinstance(caller, Caller) or self.cut > self.order.forgives:
                raise
        self.poll.unregister(number)
        caller.wire.socket.close()
        caller.wire = Wire.to(self.place)
        self.watch(caller, caller.wire)
        caller.begin()
        return False

    def seen(self, spent: float) -> dict[str, float]:
        took = [each for caller in self.callers for each in caller.took]
        figures = {
            "calls": float(len(took) + (len(self.pinger.took) if self.pinger else 0)),
            "per_second": len(took) / spent,
            "p50_ms": statistics.median(took) * 1000,
            "p99_ms": sorted(took)[len(took) * 99 // 100] * 1000,
        }
        return {**figures, "longest_ms": max(self.pinger.took) * 1000} if self.pinger else figures

    def close(self, *, is_well: bool) -> None:
        for wire in self.held:
            wire.socket.close()
        for each in [*self.callers, *([self.pinger] if self.pinger else [])]:
            if isinstance(each, Listener):
                self.idle.setdefault(self.order.url if is_well else "lost", []).append(each)
                continue
            for wire in each.wires():
                wire.socket.close()
        self.poll.close()


def say(told: dict[str, float] | dict[str, str]) -> None:
    print(json.dumps(told), flush=True)


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    idle: Idle = {}
    for line in sys.stdin:
        load, is_well = Load(Order(**json.loads(line)), idle), True
        try:
            load.open()
            say({})
            while sys.stdin.readline() == "go\n":
                say(load.run())
        except (Failed, OSError) as error:
            is_well = False
            say({"error": f"{type(error).__name__}: {error}"})
            while sys.stdin.readline() not in ("end\n", ""):
                pass
        load.close(is_well=is_well)


if __name__ == "__main__":
    main()
