"""The clients that make the load: each says its request, reads until the answer is whole, and is told to begin anew."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import attrs

from bench.fast_path.wire import Place, session_of, size_of

PIECE = 1 << 18
LIMIT_S = 10.0


class Failed(Exception):
    """A gateway did not answer as it should."""


class Client(Protocol):
    """One that calls again and again."""

    took: list[float]

    def begin(self) -> None:
        """Say it."""

    def ready(self, number: int, /) -> bool:
        """Read from the descriptor of this number; whether the whole call is done."""

    def wires(self) -> tuple[Wire, ...]:
        """Its connections, for who closes them."""


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

    def ready(self, _: int) -> bool:
        """Read; whether the call is done."""
        if not self.wire.read():
            return False
        self.took.append(time.perf_counter() - self.asked)
        if b'"result"' not in self.wire.answer:
            raise Failed(repr(self.wire.answer[:500]))
        return True

    def call(self) -> bytes:
        """One call, waited for; its answer."""
        return self.wire.exchange(self.request)

    def wires(self) -> tuple[Wire, ...]:
        return (self.wire,)


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

    def ready(self, _: int) -> bool:
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

    def wires(self) -> tuple[Wire, ...]:
        return (self.wire,) if self.wire else ()


@attrs.define(eq=False)
class Listener:
    """A client over HTTP+SSE: it posts on one connection, and hears the answer on the stream of another."""

    stream: Wire
    posts: Wire
    there: str
    """Where it posts."""
    request: bytes
    took: list[float] = attrs.field(factory=list)
    asked: float = 0.0
    is_taken: bool = False
    is_heard: bool = False

    @classmethod
    def to(cls, place: Place) -> Listener:
        """Open the stream, and greet."""
        stream, posts = Wire.to(place), Wire.to(place)
        stream.send(place.listening())
        while not (found := place.posting(stream.answer)):
            stream.read()
        there = Place(found)
        listener = cls(stream, posts, found, there.greeting())
        listener.call()
        posts.exchange(there.initialized(""))
        return listener

    def begin(self) -> None:
        self.asked = time.perf_counter()
        self.is_taken = self.is_heard = False
        self.stream.answer = b""
        self.posts.send(self.request)

    def ready(self, number: int) -> bool:
        """Read where there is something; whether the call is done."""
        if number == self.posts.socket.fileno():
            self.is_taken = self.posts.read()
        else:
            self.stream.read()
            self.is_heard = self.stream.answer.endswith((b"\n\n", b"\n\n\r\n"))
        if not (self.is_taken and self.is_heard):
            return False
        self.took.append(time.perf_counter() - self.asked)
        if b'"result"' not in self.stream.answer:
            raise Failed(repr(self.stream.answer[:500]))
        return True

    def call(self) -> bytes:
        """One call, waited for; its answer."""
        self.begin()
        while not self.is_taken:
            self.is_taken = self.posts.read()
        self.posts.proven()
        while not self.is_heard:
            self.stream.read()
            self.is_heard = self.stream.answer.endswith((b"\n\n", b"\n\n\r\n"))
        return self.stream.answer

    def wires(self) -> tuple[Wire, ...]:
        return (self.stream, self.posts)
