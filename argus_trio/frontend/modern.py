"""The modern edge of `/mcp`: POST of revision 2026-07-28, without sessions; a client that goes cancels its call."""

from __future__ import annotations

from typing import Final

import attrs
import msgspec
import trio

from argus_trio.core.exchange import Call
from argus_trio.errors import InvalidParams, InvalidRequest, RevisionUnsupported
from argus_trio.frontend.announcer import Announcer
from argus_trio.frontend.exchange import ClientExchange
from argus_trio.frontend.fields import Accepts, require_events_accepted
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.greeting import discover_result, server_info
from argus_trio.frontend.listen import honoured, listen
from argus_trio.frontend.outcome import error_response, http_status, outcome_of
from argus_trio.frontend.reply import Reply
from argus_trio.frontend.request import JSON, Request
from argus_trio.frontend.ticker import Ticker
from argus_trio.wire import envelope
from argus_trio.wire.envelope import (
    Message,
    Notification,
    Params,
    Raw,
    decode_object,
    decode_string,
    encode,
    encode_response,
)
from argus_trio.wire.headers import check_routing_headers
from argus_trio.wire.results import RESERVED, for_modern_client
from argus_trio.wire.revisions import REVISIONS, Era, era_of

_REVISION_KEY: Final = f"{RESERVED}protocolVersion"
_CAPABILITIES_KEY: Final = f"{RESERVED}clientCapabilities"
REVISION_MARK: Final = _REVISION_KEY.encode()
"""What only a modern request has in its `_meta`."""

SUPPORTED: Final = tuple(reversed(REVISIONS))
"""What a client is told that asks for a revision that is not spoken here, the newest first."""


@attrs.frozen(kw_only=True)
class Introduction:
    """What a modern request says of its client, and the params without it."""

    revision: str
    capabilities: Params
    params: Params


class ModernEdge:
    """The stateless side of the endpoint. `post` raises an `RpcError` for what is no call."""

    def __init__(self, gateway: Gateway, announcer: Announcer, ticker: Ticker) -> None:
        self._gateway = gateway
        self._announcer = announcer
        self._ticker = ticker

    async def post(self, http: Request, accepted: Accepts, message: Message) -> None:
        """Answer one posted message."""
        if isinstance(message, Notification):
            await http.answer(202)
            return
        if not isinstance(message, envelope.Request):
            raise InvalidRequest("a client must not post responses at this revision")
        introduction = introduced(message)
        check_routing_headers(
            http.headers, method=message.method, params=message.params, revision=introduction.revision
        )
        if era_of(introduction.revision) is not Era.MODERN:
            raise RevisionUnsupported(introduction.revision, SUPPORTED)
        if message.method == "server/discover":
            result = discover_result(self._gateway.identity())
            await http.answer(200, encode_response(message.id, result), (JSON,))
        elif message.method == "subscriptions/listen":
            require_events_accepted(http.fields.get(b"accept"))
            await listen(http, message.id, honoured(message.params), self._announcer)
        else:
            await self._call(http, accepted, message, introduction)

    async def _call(
        self, http: Request, accepted: Accepts, message: envelope.Request, introduction: Introduction
    ) -> None:
        call = Call(
            method=message.method,
            params=introduction.params,
            era=Era.MODERN,
            revision=introduction.revision,
            capabilities=introduction.capabilities,
        )
        with Reply(http, self._ticker, may_stream=accepted.events) as reply:
            with trio.CancelScope() as scope:
                http.disconnects.on_disconnect(scope.cancel)
                outcome = await outcome_of(self._gateway.handler, ClientExchange(call, reply.notify))
            http.disconnects.on_disconnect(None)
            if scope.cancel_called:
                return
            if outcome.error is not None:
                error = error_response(message.id, outcome.error, Era.MODERN)
                await reply.finish(error, status=http_status(outcome.error))
                return
            result = for_modern_client(message.method, outcome.result or b"{}", server_info(self._gateway.identity()))
            await reply.finish(encode_response(message.id, result))


def is_introduced(message: Message) -> bool:
    """Whether the message itself says that it is modern, whatever its headers say."""
    return isinstance(message, envelope.Request) and REVISION_MARK in bytes(message.params.get("_meta", b""))


def introduced(message: envelope.Request) -> Introduction:
    """Take what the request says of its client (2026-07-28, Per-request protocol fields) out of its params.

    Raises:
        InvalidParams: `_meta` or one of the required keys is missing, or not what it must be.
    """
    params = dict(message.params)
    try:
        meta = decode_object(params.pop("_meta", b"0"))
        revision = decode_string(meta.get(_REVISION_KEY, b"0"))
        capabilities = decode_object(meta.get(_CAPABILITIES_KEY, b"0"))
    except msgspec.DecodeError:
        raise InvalidParams(
            f'params._meta must hold a string "{_REVISION_KEY}" and an object "{_CAPABILITIES_KEY}"'
        ) from None
    kept = {key: value for key, value in meta.items() if not key.startswith(RESERVED)}
    if kept:
        params["_meta"] = Raw(encode(kept))
    return Introduction(revision=revision, capabilities=capabilities, params=params)
