"""The load: one thread, raw sockets and epoll in a process of its own, so that it costs less than what it measures.

`python -m bench.fast_path.load` reads an order (a line of JSON) from its standard input, opens what it says, writes
`{}`, and waits for a line; then it puts the load on, writes what it saw, and waits for another line before it closes
all. So who asks can look at the gateway's figures at each of these moments. An order that fails is told as `error`.
"""

from __future__ import annotations

import json
import resource
import select
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import attrs

from bench.fast_path.wire import Params, Place, session_of, size_of

PIECE = 1 << 18
LIMIT_S = 60.0
WARM_UP = 4
"""Calls of each client before those that count."""


@attrs.frozen(kw_only=True)
class Order:
    """What load is wanted."""

    url: str
    kind: str = "calls"
    """`calls`, `visits` (whole sessions, each on a new connection), or `streams` (held open, no load)."""
    era: str = "legacy"
    method: str = "tools/call"
    params: Params = attrs.field(factory=dict)
    clients: int = 8
    seconds: float = 0.4
    held: int = 0
    """Sessions, or streams, that are open meanwhile."""
    pings: bool = False
    """Whether one more client asks for `ping` all the time, and what it sees is told as `longest_ms`."""


<<<<<<< HEAD
class Failed(Exception):
    """A gateway did not answer as it should."""


@attrs.define(eq=False)
class Wire:
    """One connection, and what came of the answer that is awaited."""

    socket: socket.socket
    answer: bytes = b""
    size: int | None = None

    @classmethod
    def to(cls, place: Place) -> Wire:
        connection = socket.create_connection(("127.0.0.1", place.port), timeout=LIMIT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(connection)

    def send(self, request: bytes) -> None:
        self.answer, self.size = b"", None
        self.socket.sendall(request)

    def read(self) -> bool:
        """Whether the answer is whole now. Raises: Failed."""
        piece = self.socket.recv(PIECE)
        if not piece:
            raise Failed(f"the connection was closed after {self.answer[:300]!r}")
        self.answer = self.answer + piece if self.answer else piece
        if self.size is None:
            self.size = size_of(self.answer)
            if self.size is None:
                return False
        return len(self.answer) >= self.size if self.size >= 0 else self.answer.endswith(b"0\r\n\r\n")

    def exchange(self, request: bytes) -> bytes:
        self.send(request)
        while not self.read():
            pass
        return self.proven()

    def proven(self) -> bytes:
        """The answer, if it is one of success. Raises: Failed."""
        if not self.answer.startswith(b"HTTP/1.1 20"):
            raise Failed(repr(self.answer[:500]))
        return self.answer


@attrs.define(eq=False)
class Caller:
    """A client that says one request again and again."""

    wire: Wire
    request: bytes
    took: list[float] = attrs.field(factory=list)
    asked: float = 0.0

    def begin(self) -> None:
        self.asked = time.perf_counter()
        self.wire.send(self.request)

    def ready(self) -> bool:
        """Read; whether the call is done."""
        if not self.wire.read():
            return False
        self.took.append(time.perf_counter() - self.asked)
        if b'"result"' not in self.wire.answer:
            raise Failed(repr(self.wire.answer[:500]))
        return True


@attrs.define(eq=False)
class Visitor:
    """A client that comes, greets, says farewell and goes, again and again."""

    place: Place
    moved: Callable[[Wire, bool], None]
    """Told of each connection, as it is opened and before it is closed."""
    wire: Wire | None = None
    steps: Iterator[bytes] = attrs.field(factory=lambda: iter(()))
    took: list[float] = attrs.field(factory=list)
    asked: float = 0.0

    def begin(self) -> None:
        self.asked = time.perf_counter()
        self.wire = Wire.to(self.place)
        self.moved(self.wire, True)
        self.steps = self.visit(self.wire)
        self.wire.send(next(self.steps))

    def visit(self, wire: Wire) -> Iterator[bytes]:
        yield self.place.greeting()
        session = session_of(wire.proven())
        yield self.place.initialized(session)
        wire.proven()
        yield self.place.farewell(session)

    def ready(self) -> bool:
        """Read; whether the visit is done."""
        assert self.wire is not None
        if not self.wire.read():
            return False
        if (request := next(self.steps, None)) is not None:
            self.wire.send(request)
            return False
        self.moved(self.wire, False)
        self.wire.socket.close()
        self.took.append(time.perf_counter() - self.asked)
        return True
=======
Idle = dict[str, list[Listener]]
"""Clients over HTTP+SSE that stay, by where they are: mcp-hub fails inwardly, at length, at each that goes."""
>>>>>>> bench


class Load:
    """What one order opens, puts on, and closes."""

    def __init__(self, order: Order, idle: Idle) -> None:
        self.order = order
        self.idle = idle
        self.place = Place(order.url)
        self.poll = select.epoll()
        self.by_number: dict[int, Caller | Visitor] = {}
        self.held: list[Wire] = []
        self.callers: list[Caller | Visitor] = []
        self.pinger: Caller | None = None
        if order.kind == "streams":
            self.held = [self.stream() for _ in range(order.held)]
            return
        if order.held:
            self.hold_sessions()
        self.callers = [self.visitor() if order.kind == "visits" else self.caller() for _ in range(order.clients)]
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
        """A session, and its stream on the same connection."""
        wire, session = self.greeted()
        wire.send(self.place.stream(session))
        while wire.size is None:
            wire.read()
        wire.proven()
        return wire

    def caller(self, method: str = "", params: Params | None = None) -> Caller:
        method, params = method or self.order.method, self.order.params if params is None else params
        if self.order.era == "modern":
            wire = Wire.to(self.place)
            request = self.place.modern(method, params)
        else:
            wire, session = self.greeted()
            request = self.place.legacy(method, params, session)
        for _ in range(WARM_UP):
            answer = wire.exchange(request)
            if b'"result"' not in answer or b'"isError":true' in answer:
                raise Failed(repr(answer[:500]))
        caller = Caller(wire, request)
        self.watch(caller, wire)
        return caller

<<<<<<< HEAD
    def visitor(self) -> Visitor:
=======
    def kind_of_caller(self, method: str, params: Params) -> Caller | Listener:
        if self.order.era == "sse":
            there = self.idle.get(self.order.url)
            listener = there.pop() if there else Listener.to(self.place)
            listener.request = Place(listener.there).post(message(method, params), "")
            return listener
        if self.order.era == "modern":
            return Caller(Wire.to(self.place), self.place.modern(method, params))
        wire, session = self.greeted()
        return Caller(wire, self.place.legacy(method, params, session))

    def visitor(self) -> Client:
>>>>>>> bench
        def moved(wire: Wire, is_open: bool) -> None:
            if is_open:
                self.watch(visitor, wire)
            else:
                self.poll.unregister(wire.socket.fileno())

        visitor = Visitor(self.place, moved)
        return visitor

    def watch(self, caller: Caller | Visitor, wire: Wire) -> None:
        self.poll.register(wire.socket.fileno(), select.EPOLLIN)
        self.by_number[wire.socket.fileno()] = caller

    def run(self) -> dict[str, float]:
        """Calls until the time is over, and those that are under way then."""
        working = [*self.callers, *([self.pinger] if self.pinger else [])]
        if not working:
            return {}
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
                if caller.ready():
                    if time.perf_counter() < end:
                        caller.begin()
                    else:
                        left -= 1
        return self.seen(time.perf_counter() - began)

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
<<<<<<< HEAD
            if each.wire is not None:
                each.wire.socket.close()
=======
            if isinstance(each, Listener) and is_well:
                self.idle.setdefault(self.order.url, []).append(each)
                continue
            for wire in each.wires():
                wire.socket.close()
>>>>>>> bench
        self.poll.close()


def say(told: dict[str, float] | dict[str, str]) -> None:
    print(json.dumps(told), flush=True)


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    idle: Idle = {}
    for line in sys.stdin:
        load, is_well = None, True
        try:
            load = Load(Order(**json.loads(line)), idle)
            say({})
            sys.stdin.readline()
            say(load.run())
        except (Failed, OSError) as error:
            is_well = False
            say({"error": f"{type(error).__name__}: {error}"})
        sys.stdin.readline()
        if load is not None:
            load.close(is_well=is_well)


if __name__ == "__main__":
    main()
