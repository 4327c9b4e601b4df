"""The MCP endpoint `/mcp`: reads a request, finds out which era it belongs to, and hands it to that edge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import attrs

from argus_trio.core.memory import Bodies
from argus_trio.errors import InvalidRequest, ResponseInvalid, RevisionUnsupported, RpcError
from argus_trio.frontend.edges.streamable_http_legacy import LegacyEdge
from argus_trio.frontend.edges.streamable_http_modern import SUPPORTED, ModernEdge, has_request_meta
from argus_trio.frontend.http.body import read_body
from argus_trio.frontend.http.errors import MethodNotAllowed
from argus_trio.frontend.http.header_names import (
    ACCEPT,
    CONTENT_ENCODING,
    CONTENT_TYPE,
    PROTOCOL_VERSION,
    SESSION_ID,
)
from argus_trio.frontend.http.negotiation import negotiate_post, refusal_headers, require_plain
from argus_trio.frontend.http.request import Header, IncomingRequest
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.frontend.outcome import error_response
from argus_trio.wire import envelope
from argus_trio.wire.envelope import Message, is_batch
from argus_trio.wire.members import decode_client
from argus_trio.wire.revisions import REVISIONS, Era, era_of

_ERAS: Final[Mapping[bytes, Era | None]] = {revision.encode(): era_of(revision) for revision in REVISIONS}


@attrs.define(eq=False, repr=False)
class Endpoint:
    """One path, two eras. `post`, `get` and `delete` answer everything, errors included.

    Each raises `ClientGone` when there is nobody left to answer.
    """

    legacy: LegacyEdge
    modern: ModernEdge
    settings: CurrentSettings
    bodies: Bodies = attrs.field(factory=Bodies, kw_only=True)

    async def post(self, http: IncomingRequest) -> None:
        """Answer a message or a batch."""
        message: Message | None = None
        try:
            accepted = negotiate_post(http.fields.get(CONTENT_TYPE), http.fields.get(ACCEPT))
            if CONTENT_ENCODING in http.fields:
                require_plain(http.fields[CONTENT_ENCODING])
            body = await read_body(http, self.settings.now.limits, self.bodies)
            if body[:1] != b"{" and is_batch(body):
                if _era(http) is not Era.LEGACY and SESSION_ID not in http.fields:
                    raise InvalidRequest("this revision has no batches")
                await self.legacy.post_batch(http, accepted, body)
                return
            try:
                message = decode_client(body)
            except ResponseInvalid as invalid:
                self.legacy.take_unreadable(http, invalid)
                raise
            edge = self.modern if self._is_modern(http, message) else self.legacy
            await edge.post(http, accepted, message)
        except RpcError as error:
            message_id = message.id if isinstance(message, envelope.Request) else error.request_id
            await http.answer_unread(error.http_status, error_response(message_id, error), refusal_headers(error))

    async def get(self, http: IncomingRequest) -> None:
        """Carry an event stream of a session."""
        await self._without_body(http, self.legacy.get)

    async def delete(self, http: IncomingRequest) -> None:
        """End a session."""
        await self._without_body(http, self.legacy.delete)

    async def _without_body(self, http: IncomingRequest, serve: Callable[[IncomingRequest], Awaitable[None]]) -> None:
        try:
            if _era(http) is not Era.LEGACY and not self.legacy.knows_session(http):
                raise MethodNotAllowed("revision 2026-07-28 has POST alone at this path")
            await serve(http)
        except RpcError as error:
            allow: list[Header] = [(b"allow", b"POST")] if isinstance(error, MethodNotAllowed) else []
            headers = [*refusal_headers(error), *allow]
            await http.answer_unread(error.http_status, error_response(b"null", error), headers)

    def _is_modern(self, http: IncomingRequest, message: Message) -> bool:
        """Whether its header or its `_meta` says so; `initialize` is legacy unless both do.

        What names a session is legacy unless its `_meta` says otherwise: the libraries of some clients write their
        newest revision into the header, whatever was agreed.
        """
        revision = http.fields.get(PROTOCOL_VERSION)
        by_header = revision is not None and (_ERAS.get(revision) or _era(http)) is Era.MODERN
        if by_header and SESSION_ID in http.fields:
            return has_request_meta(message)
        if isinstance(message, envelope.Request) and message.method == "initialize":
            return by_header and has_request_meta(message)
        return by_header or has_request_meta(message)


def _era(http: IncomingRequest) -> Era:
    """The era that the request's header names, or a legacy client's without one (2026-07-28, Protocol Version Header).

    Raises:
        RevisionUnsupported: no revision that is spoken here.
    """
    revision = http.fields.get(PROTOCOL_VERSION)
    if revision is None:
        return Era.LEGACY
    era = _ERAS.get(revision)
    if era is None:
        raise RevisionUnsupported(revision.decode("latin-1"), SUPPORTED)
    return era
