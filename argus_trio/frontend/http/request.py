"""One HTTP request as the edges see it: the fields they ask for, and plain answers to it.

The header fields are read in one pass. What may be asked at which path is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from math import ceil
from typing import Final, Literal, NotRequired, Protocol, TypedDict

import attrs
import trio

from argus_trio import Value
from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.memory import Body
from argus_trio.frontend.http.header_names import CONTENT_TYPE
from argus_trio.frontend.http.receive_queue import AsgiMessage
from argus_trio.per_call import PerCall
from argus_trio.wire.envelope import encode

Header = tuple[bytes, bytes]
AsgiReceive = Callable[[], Awaitable[AsgiMessage]]
AsgiSend = Callable[[AsgiMessage], Awaitable[None]]

AsgiApplication = Callable[["AsgiScope", AsgiReceive, AsgiSend], Awaitable[None]]
"""What a server calls once for each request."""

JSON: Final = (CONTENT_TYPE, b"application/json")

_NO_CONTENT: Final = 204
_NONE: Final[frozenset[bytes]] = frozenset()

LINGER_SECONDS: Final = 2.0
"""How long an unwanted body is still read after its refusal: a connection that is closed over unread bytes is reset,
and a reset takes the refusal with it. A client that reads has it in a round trip; one that does not is left."""
LINGER_BYTES: Final = 64 * 1024 * 1024
"""How much of an unwanted body is still read: as much as a fast line brings in that time."""


class Disconnects(Protocol):
    """Tells of the client's going, without a task that waits for it."""

    def on_disconnect(self, callback: Callable[[], object] | None) -> None: ...


class Shortcut(Protocol):
    """What a server may offer beside plain ASGI: the same in fewer steps, where nothing has to be waited for."""

    def take_body(self) -> bytes | None:
        """The whole body, if all of it is here and none was given out; `receive` then has the disconnect alone.

        None leaves everything to `receive`. Never blocks.
        """

    async def answer(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        """Send an answer as a whole, as `send` would: with its length, where the status has one."""


class AsgiScope(TypedDict):
    """The ASGI scope; what is not required is used by nobody here."""

    method: str
    path: str
    query_string: bytes
    headers: Sequence[Header]
    extensions: Extensions
    client: NotRequired[tuple[str, int] | None]
    """The address that the connection came from; None where it has none."""
    state: NotRequired[Mapping[str, Door]]
    """`door` is by which listener it came."""
    type: NotRequired[str]
    asgi: NotRequired[Mapping[str, str]]
    http_version: NotRequired[str]
    scheme: NotRequired[str]
    raw_path: NotRequired[bytes]
    root_path: NotRequired[str]
    server: NotRequired[tuple[str, int] | None]


DISCONNECT_EXTENSION: Final = "argus.disconnect"
SHORTCUT_EXTENSION: Final = "argus.shortcut"

Extensions = TypedDict("Extensions", {"argus.disconnect": Disconnects, "argus.shortcut": NotRequired[Shortcut]})
"""What a server offers beside plain ASGI."""


@attrs.frozen(kw_only=True)
class Door(Value):
    """By which listener a connection came."""

    serves: Literal["everything", "clients", "management"] = "everything"
    """What is served there; `clients` is everything but the management API, of which only what probes ask is left."""
    peer: int | None = None
    """The user that is at the other end of the management API's Unix socket; None for every other door."""


MAIN_DOOR: Final = Door()
"""The door of a gateway that has no other."""


class IncomingRequest(PerCall, kw_only=True):
    """One request. `fields` holds each header once, lower-case; repeated ones are joined by a comma (RFC 9110, 5.3)."""

    method: str
    path: str
    query: bytes
    headers: Sequence[Header]
    fields: Mapping[bytes, bytes]
    repeated: Collection[bytes] = ()
    """The names of the headers that came more than once."""
    receive: AsgiReceive
    send: AsgiSend
    disconnects: Disconnects
    shortcut: Shortcut | None = None
    """None where the server offers none, or something stands in the way of the answer."""
    address: str = ""
    """Where its client is: the peer, or behind trusted proxies what they say; "" where there is no address."""
    principal: Principal = ANONYMOUS
    """Who asks, once the request is admitted."""
    endpoint: str = ""
    """The view whose endpoint it came in by; empty for the one that shows all."""
    streams: OpenStreams | None = None
    """Where it is entered while its answer is a long-lived stream."""
    door: Door = MAIN_DOOR
    body_pending: bool = True
    """Whether some of the body may still come in."""
    body: Body | None = None
    """What is entered of its body in the common account; None once somebody else sees to that."""

    @classmethod
    def of(
        cls, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend, streams: OpenStreams | None = None
    ) -> IncomingRequest:
        """The request that an ASGI server hands over."""
        headers, extensions, client = scope["headers"], scope["extensions"], scope.get("client")
        fields, repeated = dict(headers), _NONE
        if len(fields) != len(headers):
            fields, repeated = _joined(headers)
        return cls(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"],
            headers=headers,
            fields=fields,
            repeated=repeated,
            receive=receive,
            send=send,
            disconnects=extensions[DISCONNECT_EXTENSION],
            shortcut=extensions.get(SHORTCUT_EXTENSION),
            address=client[0] if client else "",
            streams=streams,
            door=scope["state"]["door"] if "state" in scope else MAIN_DOOR,
        )

    def answer_through(self, wrap: Callable[[AsgiSend], AsgiSend]) -> None:
        """Have all that is answered from now on go through what `wrap` makes of `send`: nothing takes the shortcut."""
        self.send, self.shortcut = wrap(self.send), None

    def answer(self, status: int, body: bytes = b"", headers: Sequence[Header] = ()) -> Awaitable[None]:
        """Answer with `body` as a whole."""
        shortcut = self.shortcut
        return self._send(status, headers, body) if shortcut is None else shortcut.answer(status, headers, body)

    async def _send(self, status: int, headers: Sequence[Header], body: bytes) -> None:
        await self.send(start(status, headers, len(body)))
        await self.send({"type": "http.response.body", "body": body})

    async def answer_unread(self, status: int, body: bytes, headers: Sequence[Header] = (JSON,)) -> None:
        """Answer without having read the whole body, and see that the client gets to read the answer."""
        if not self.body_pending:
            await self.answer(status, body, headers)
            return
        await self.send(start(status, headers, len(body)))
        await self.send({"type": "http.response.body", "body": body, "more_body": True})
        await self._linger()
        await self.send({"type": "http.response.body", "body": b""})

    async def _linger(self) -> None:
        left = LINGER_BYTES
        with trio.move_on_after(LINGER_SECONDS):
            while left > 0:
                message = await self.receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    self.body_pending = False
                    return
                part = message["body"]
                left -= len(part) if isinstance(part, bytes) else 0


@attrs.define(eq=False, repr=False)
class OpenStreams:
    """The requests whose answers are long-lived streams, with what ends each."""

    _open: dict[IncomingRequest, Callable[[], object]] = attrs.field(factory=dict, init=False)
    _may_stay: Callable[[IncomingRequest], bool] | None = attrs.field(default=None, init=False)

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, request: IncomingRequest, end: Callable[[], object]) -> None:
        """Enter a stream that begins; `end` has it end soon. One that was let in before a reload may end at once."""
        self._open[request] = end
        if self._may_stay is not None and not self._may_stay(request):
            end()

    def leave(self, request: IncomingRequest) -> None:
        """Take out a stream that is over."""
        self._open.pop(request, None)

    def end_unless(self, may_stay: Callable[[IncomingRequest], bool]) -> None:
        """End the streams that may not stay, and from now on those that begin."""
        self._may_stay = may_stay
        for request, end in tuple(self._open.items()):
            if not may_stay(request):
                end()


def start(status: int, headers: Sequence[Header], length: int | None = None) -> AsgiMessage:
    """The ASGI message that opens an answer; `length` is None where the end is not known yet."""
    if length is not None:
        headers = with_length(status, headers, length)
    return {"type": "http.response.start", "status": status, "headers": headers}


def with_length(status: int, headers: Sequence[Header], length: int) -> Sequence[Header]:
    """The header fields of an answer whose body has so many bytes; a status that has no body says no length."""
    return headers if status == _NO_CONTENT else [*headers, (b"content-length", b"%d" % length)]


def retry_after(seconds: float) -> Header:
    """When to come back, in whole seconds (RFC 9110, 10.2.3)."""
    return b"retry-after", b"%d" % ceil(seconds)


def refusal(error: str, message: str) -> bytes:
    """The body of a refusal outside JSON-RPC."""
    return encode({"error": error, "message": message})


def _joined(headers: Sequence[Header]) -> tuple[dict[bytes, bytes], frozenset[bytes]]:
    """The fields, and which of them came more than once."""
    fields: dict[bytes, bytes] = {}
    repeated: set[bytes] = set()
    for name, value in headers:
        if name in fields:
            repeated.add(name)
            value = fields[name] + b", " + value
        fields[name] = value
    return fields, frozenset(repeated)
