"""The filter of one container: each connection asks for a name and a port, and gets there if it may.

One connection of the container's Unix socket is one TCP connection of its server. It is never closed for being quiet:
databases are. What bounds them is their number; who is gone outside is found out by TCP's keep-alive. Only once one end
has said its last, the other is waited for so long and no longer.
"""

from __future__ import annotations

import math
import re
import resource
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

import attrs
import trio

from argus_trio.core.egress.attempts import EgressTarget
from argus_trio.core.egress.reasons import EgressReason
from argus_trio.sandbox.egress.attempts import ToldAttempts
from argus_trio.sandbox.egress.decision import EgressAllowed, decide, plain_name
from argus_trio.sandbox.egress.outward import NotReached, Outward
from argus_trio.sandbox.plan.network import NetworkPolicy

MOST_CONNECTIONS: Final = 256
"""How many connections one container has at once: beyond it a new one is refused, and told."""
SHARE_OF_FILES: Final = 0.75
"""The part of the gateway's open files beyond which no container gets a connection: the rest is for clients and
backends."""
HEAD_SECONDS: Final = 10.0
"""The deadline of what a connection begins with: the shim sends it at once."""
HEAD_BYTES: Final = 1024
"""As many bytes as that has at most: a name has 253 characters."""
CHUNK_BYTES: Final = 32 * 1024
"""As many bytes are on their way in one direction of a connection; more are read when these have been taken."""
HALF_CLOSED_SECONDS: Final = 300.0
"""How long nothing may come where one end has said its last: who has closed for good looks like who only listens."""
UNTIL_CLOSED_SECONDS: Final = 30.0
"""The same where the other end cannot be told that (a proxy under TLS)."""

_HEAD: Final = re.compile(rb"CONNECT ([^ \r\n]+):([0-9]{1,5}) HTTP/1\.1\r\n")
_LONGEST_SHOWN: Final = 100
"""In characters, of what is no name."""
_REFUSALS: Final = frozenset[EgressReason]({"not_public", "never_dialled", "this_machine"})
"""What `NotReached` says of addresses that may not be dialled; all else led nowhere."""


async def serve_filter(
    listener: trio.SocketListener,
    policy: NetworkPolicy,
    attempts: ToldAttempts,
    *,
    backend: str,
    outward: Outward,
    is_installation: bool = False,
) -> None:
    """Serve one container's `egress.sock` until cancelled; then every connection is closed."""
    served = _ServedContainer(
        policy=policy, attempts=attempts, backend=backend, outward=outward, is_installation=is_installation
    )
    async with trio.open_nursery() as connections:
        await trio.serve_listeners(served.serve, [listener], handler_nursery=connections)


@attrs.define(eq=False, repr=False, kw_only=True)
class _ServedContainer:
    policy: NetworkPolicy
    attempts: ToldAttempts
    backend: str
    outward: Outward
    is_installation: bool
    _count: int = attrs.field(default=0, init=False)
    _is_full: bool = attrs.field(default=False, init=False)
    """Whether that was told, and at least half of them have been there ever since."""

    async def serve(self, inner: trio.SocketStream) -> None:
        """Serve one connection to its end; it is closed by who accepted it."""
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if self._count >= MOST_CONNECTIONS:
            await self._turn_away(inner, "")
            return
        if inner.socket.fileno() >= descriptors * SHARE_OF_FILES:  # the lowest that was free: as many are open
            await self._turn_away(
                inner, f": the gateway may open {descriptors} files (ulimit -n), and has most of them open"
            )
            return
        self._count += 1
        try:
            await self._serve(inner)
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            pass  # one of both ends is gone, and the other with it
        finally:
            self._count -= 1
            self._is_full = self._is_full and self._count > MOST_CONNECTIONS // 2

    async def _turn_away(self, inner: trio.SocketStream, why: str) -> None:
        self.attempts.of(self.backend).turned_away(self.attempts.now())
        if not self._is_full:
            self._is_full = True
            self.attempts.full(self.backend, self._count, why)
        with suppress(trio.BrokenResourceError):
            await _answer(inner, b"503 too_many")

    async def _serve(self, inner: trio.SocketStream) -> None:
        asked = await _read_head(inner)
        if asked is None:
            self._refuse(EgressTarget(host="?", port=0, is_installation=self.is_installation), "no_name")
            await _answer(inner, b"400 no_name")
            return
        host, port, early = asked
        verdict = decide(self.policy, host, port)
        shown = plain_name(host) or _shown(host)
        target = EgressTarget(host=self.attempts.redact(shown), port=port, is_installation=self.is_installation)
        if not isinstance(verdict, EgressAllowed):
            self._refuse(target, verdict.reason)
            await _answer(inner, b"403 " + verdict.reason.encode())
            return
        outer = await self._open(verdict, target, inner)
        if outer is None:
            return
        self.attempts.passed(self.backend, target, verdict.by)
        try:
            await inner.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
            moved = partial(self.attempts.of(self.backend).moved, target)
            if early:
                moved(sent=len(early))
                await outer.send_all(early)
            await _RelayedConnection(inner=inner, outer=outer, moved=moved).run()
        finally:
            await trio.aclose_forcefully(outer)

    async def _open(
        self, allowed: EgressAllowed, target: EgressTarget, inner: trio.SocketStream
    ) -> trio.abc.Stream | None:
        try:
            return await self.outward.open(allowed, target.port)
        except NotReached as failure:
            if failure.reason in _REFUSALS:
                self._refuse(target, failure.reason)
                await _answer(inner, b"403 " + failure.reason.encode())
            else:
                self.attempts.failed(self.backend, target, failure.reason, failure.detail)
                await _answer(inner, b"502 " + failure.reason.encode())
            return None

    def _refuse(self, target: EgressTarget, reason: EgressReason) -> None:
        self.attempts.refused(self.backend, target, reason, self.policy)


async def _answer(inner: trio.SocketStream, status: bytes) -> None:
    with trio.move_on_after(HEAD_SECONDS):
        await inner.send_all(b"HTTP/1.1 " + status + b"\r\n\r\n")


async def _read_head(inner: trio.SocketStream) -> tuple[str, int, bytes] | None:
    """The name, the port and what came after the head; None for no head in time.

    Raises:
        trio.BrokenResourceError: it ended before anything came.
    """
    data = bytearray()
    with trio.move_on_after(HEAD_SECONDS):
        while b"\r\n\r\n" not in data and len(data) < HEAD_BYTES:
            more = await inner.receive_some(HEAD_BYTES - len(data))
            if not more:
                if not data:
                    raise trio.BrokenResourceError
                return None
            data += more
    head, end, early = bytes(data).partition(b"\r\n\r\n")
    found = _HEAD.match(head + b"\r\n") if end else None
    if found is None:
        return None
    port = int(found[2])
    return (found[1].decode("utf-8", "replace"), port, early) if 0 < port < 65536 else None


@attrs.define(eq=False, repr=False, kw_only=True)
class _RelayedConnection:
    """Bytes both ways, each as fast as its reader takes them, until both ways have ended or one end is gone."""

    inner: trio.SocketStream
    outer: trio.abc.Stream
    moved: Callable[..., None]
    _both: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    _quiet_seconds: float = attrs.field(default=math.inf, init=False)
    """How long nothing may come: for ever, while both ways are open."""

    async def run(self) -> None:
        """Relay to the end."""
        with self._both:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._until_gone, self._outgoing)
                nursery.start_soon(self._until_gone, self._incoming)

    async def _outgoing(self) -> None:
        while data := await self.inner.receive_some(CHUNK_BYTES):
            self._count(sent=len(data))
            await self.outer.send_all(data)
        await self.inner.socket.send(b"")  # fails where it was not only half closed
        if isinstance(self.outer, trio.abc.HalfCloseableStream):
            await self.outer.send_eof()
            self._is_half_closed(HALF_CLOSED_SECONDS)
        else:
            self._is_half_closed(UNTIL_CLOSED_SECONDS)

    async def _incoming(self) -> None:
        while data := await self.outer.receive_some(CHUNK_BYTES):
            self._count(received=len(data))
            await self.inner.send_all(data)
        await self.inner.send_eof()
        self._is_half_closed(HALF_CLOSED_SECONDS)

    def _is_half_closed(self, seconds: float) -> None:
        self._quiet_seconds = seconds
        self._both.deadline = trio.current_time() + seconds

    def _count(self, *, sent: int = 0, received: int = 0) -> None:
        self.moved(sent=sent, received=received)
        self._both.deadline = trio.current_time() + self._quiet_seconds

    async def _until_gone(self, pump: Callable[[], Awaitable[None]]) -> None:
        """Run one direction; where an end of it is gone, both directions end."""
        try:
            await pump()
        except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
            self._both.cancel()


def _shown(host: str) -> str:
    """What is no name, as it may be shown."""
    return "".join(each if each.isprintable() and each != " " else "?" for each in host)[:_LONGEST_SHOWN]
