"""What is asked of a remote server: an MCP greeting, as Streamable HTTP has it, and the stream of HTTP+SSE."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Literal

import attrs
import trio

from argus_trio import Value, __version__
from argus_trio.errors import LinkFailed
from argus_trio.net.dial import OriginRoute
from argus_trio.net.http1 import HttpAnswer, HttpRequest
from argus_trio.net.pool import Pool
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.wire import headers as names
from argus_trio.wire.revisions import LATEST_LEGACY

QUESTION_SECONDS: Final = 8.0
"""How long a server may take to begin its answer: one that sleeps while nobody asks is given time to wake."""
BODY_SECONDS: Final = 2.0
"""How long what follows the head is read: a stream says its first event at once, and may say no more."""
BODY_BYTES: Final = 4096
"""How much of it is read: enough to see what it is."""

RemoteTransport = Literal["streamable-http", "sse"]
GREETING: Final = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": LATEST_LEGACY,
            "capabilities": {},
            "clientInfo": {"name": "argus-trio-doctor", "version": __version__},
        },
    }
).encode()


@attrs.frozen(kw_only=True)
class RemoteAnswer(Value):
    """What a server answered."""

    status: int
    media: str
    body: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    @property
    def speaks(self) -> RemoteTransport | None:
        """The transport of MCP that this is an answer of."""
        if self.status != 200:
            return None
        if self.media == names.EVENT_STREAM and "event: endpoint" in self.body.replace(
            "event:endpoint", "event: endpoint"
        ):
            return "sse"
        return "streamable-http" if '"jsonrpc"' in self.body else None

    @property
    def is_page(self) -> bool:
        """Whether it is a page for browsers."""
        return self.media == "text/html" or self.body.lstrip()[:9].lower() in ("<!doctype", "<html>")


_TOLD: Final = ("www-authenticate", "location", "retry-after", "server", "allow")


async def ask(
    route: OriginRoute, target: str, transport: RemoteTransport, headers: Mapping[str, str], *, seconds: float
) -> RemoteAnswer | LinkFailed:
    """What is answered to the greeting of a transport; or why there is no answer."""
    is_get = transport == "sse"
    sent = {
        names.HOST: route.origin.host_header,
        names.ACCEPT: names.EVENT_STREAM if is_get else f"{names.JSON}, {names.EVENT_STREAM}",
        **{name.lower(): value for name, value in headers.items()},
    }
    body = b"" if is_get else GREETING
    if not is_get:
        sent |= {names.CONTENT_TYPE: names.JSON, names.CONTENT_LENGTH: str(len(body))}
    raw = [(name.encode("ascii", "replace"), value.encode("utf-8")) for name, value in sent.items()]
    request = HttpRequest(method="GET" if is_get else "POST", target=target, headers=raw, body=body)
    try:
        with trio.fail_after(seconds):
            return await _exchanged(route, request)
    except LinkFailed as failure:
        return failure
    except trio.TooSlowError:
        return LinkFailed(f"the server did not answer within {seconds:g} s")


async def _exchanged(route: OriginRoute, request: HttpRequest) -> RemoteAnswer | LinkFailed:
    found: list[RemoteAnswer] = []
    async with ServiceNursery() as nursery:
        pool = Pool(route=route, nursery=nursery)
        try:
            async with pool.send(request) as answer:
                found.append(await _taken(answer))
        finally:
            nursery.cancel_scope.cancel()
            await pool.aclose()
    return found[0]


async def _taken(answer: HttpAnswer) -> RemoteAnswer:
    body = b""
    with trio.move_on_after(BODY_SECONDS):
        try:
            while len(body) < BODY_BYTES and (piece := await answer.receive()):
                body += piece
                if answer.media_type == names.EVENT_STREAM and b"\n\n" in body.replace(b"\r", b""):
                    break
        except LinkFailed:
            pass  # what has come is what there is
    told = {name: value for name in _TOLD if (value := answer.header(name)) is not None}
    return RemoteAnswer(
        status=answer.status,
        media=answer.media_type,
        body=body[:BODY_BYTES].decode("utf-8", "replace"),
        headers=told,
    )
