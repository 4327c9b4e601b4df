"""A request that comes from no socket, for tests on virtual time."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import trio

from argus_trio.frontend.http.receive_queue import AsgiMessage, ReceiveQueue
from argus_trio.frontend.http.request import Header, IncomingRequest


@attrs.define
class FakeShortcut:
    """What a server may offer: a body that is all here, or none, and the answers that it was given as a whole."""

    body: bytes | None = None
    answers: list[tuple[int, Sequence[Header], bytes]] = attrs.field(factory=list)

    def take_body(self) -> bytes | None:
        return self.body

    async def answer(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        self.answers.append((status, headers, body))


class FakeRequest:
    """A request and what was sent in answer to it. `blocked` makes every send wait."""

    def __init__(self, fields: dict[bytes, bytes] | None = None, shortcut: FakeShortcut | None = None) -> None:
        self.queue = ReceiveQueue()
        self.sent: list[AsgiMessage] = []
        self.blocked: trio.Event | None = None
        self.http = IncomingRequest(
            method="POST",
            path="/",
            query=b"",
            headers=list((fields or {}).items()),
            fields=fields or {},
            receive=self.queue.receive,
            send=self._send,
            disconnects=self.queue,
            shortcut=shortcut,
        )

    async def _send(self, message: AsgiMessage) -> None:
        if self.blocked is not None:
            await self.blocked.wait()
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        """All of the body that was sent."""
        parts = [message["body"] for message in self.sent if message["type"] == "http.response.body"]
        return b"".join(part for part in parts if isinstance(part, bytes))

    @property
    def is_ended(self) -> bool:
        """Whether the last part was sent."""
        return bool(self.sent) and self.sent[-1]["type"] == "http.response.body" and not self.sent[-1].get("more_body")

    async def give(self, body: bytes, *, more: bool = False) -> None:
        """A part of the request's body."""
        await self.queue.put({"type": "http.request", "body": body, "more_body": more})
