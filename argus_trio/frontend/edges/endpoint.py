"""The MCP endpoint `/mcp`: reads a request, finds out which era it belongs to, and hands it to that edge."""

from __future__ import annotations

import attrs

from argus_trio.errors import InvalidRequest, RevisionUnsupported, RpcError
from argus_trio.frontend.edges.streamable_http_legacy import REVISION_HEADER, LegacyEdge
from argus_trio.frontend.edges.streamable_http_modern import SUPPORTED, ModernEdge, has_request_meta
from argus_trio.frontend.http.body import read_body
from argus_trio.frontend.http.errors import MethodNotAllowed
from argus_trio.frontend.http.negotiation import require_json_accepted, require_json_sent
from argus_trio.frontend.http.request import JSON, Header, IncomingRequest
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.frontend.outcome import error_response
from argus_trio.wire import envelope
from argus_trio.wire.envelope import Message, decode, is_batch
from argus_trio.wire.revisions import Era, era_of


@attrs.define(eq=False)
class Endpoint:
    """One path, two eras. `serve` answers everything, errors included."""

    legacy: LegacyEdge
    modern: ModernEdge
    settings: CurrentSettings

    async def serve(self, http: IncomingRequest) -> None:
        """Answer one request of any method.

        Raises:
            ClientGone: there is nobody left to answer.
        """
        try:
            if http.method == "POST":
                await self._post(http)
            elif _era(http) is not Era.LEGACY:
                raise MethodNotAllowed("revision 2026-07-28 has POST alone at this path")
            elif http.method == "GET":
                await self.legacy.get(http)
            else:
                await self.legacy.delete(http)
        except RpcError as error:
            allow: list[Header] = [(b"allow", b"POST")] if isinstance(error, MethodNotAllowed) else []
            await http.answer_unread(error.http_status, error_response(b"null", error), [JSON, *allow])

    async def _post(self, http: IncomingRequest) -> None:
        require_json_sent(http.fields.get(b"content-type"))
        accepted = require_json_accepted(http.fields.get(b"accept"))
        body = await read_body(http, self.settings.now.limits)
        if is_batch(body):
            if _era(http) is not Era.LEGACY:
                raise InvalidRequest("this revision has no batches")
            await self.legacy.post_batch(http, accepted, body)
            return
        message = decode(body)
        try:
            edge = self.modern if self._is_modern(http, message) else self.legacy
            await edge.post(http, accepted, message)
        except RpcError as error:
            message_id = message.id if isinstance(message, envelope.Request) else b"null"
            await http.answer(error.http_status, error_response(message_id, error), (JSON,))

    def _is_modern(self, http: IncomingRequest, message: Message) -> bool:
        """By its header or by its own introduction; `initialize` is legacy unless both say otherwise."""
        by_header = _era(http) is Era.MODERN
        if isinstance(message, envelope.Request) and message.method == "initialize":
            return by_header and has_request_meta(message)
        return by_header or has_request_meta(message)


def _era(http: IncomingRequest) -> Era:
    """The era that the request's header names, or a legacy client's without one (2026-07-28, Protocol Version Header).

    Raises:
        RevisionUnsupported: no revision that is spoken here.
    """
    revision = http.fields.get(REVISION_HEADER)
    if revision is None:
        return Era.LEGACY
    era = era_of(revision.decode("latin-1"))
    if era is None:
        raise RevisionUnsupported(revision.decode("latin-1"), SUPPORTED)
    return era
