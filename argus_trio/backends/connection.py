"""A live MCP conversation with one backend on one link: mints ids and progress tokens and maps them back.

It performs exchanges, lists what the backend shows, answers what the backend asks on its own. It neither opens the
link nor decides what happens when it dies: that is the scope's.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

import attrs
import msgspec
import structlog
import trio

from argus_trio.backends.greeting import FIRST_CALL_ID, Greeting, modern_meta
from argus_trio.backends.link import Headers, Link, Outgoing
from argus_trio.backends.listing import METHODS, Page, read_page
from argus_trio.backends.relay import Relay
from argus_trio.config.model import Timeouts
from argus_trio.core.catalog import LIST_KEYS
from argus_trio.core.exchange import Exchange
from argus_trio.errors import BackendError, BackendMisbehaved, BackendUnavailable, DeadlineExceeded, LinkFailed
from argus_trio.wire.envelope import (
    ErrorResponse,
    Notification,
    Params,
    Request,
    Response,
    decode_object,
    encode_error,
    encode_error_response,
    encode_notification,
    encode_raw,
    encode_request,
    encode_response,
)
from argus_trio.wire.headers import PROTOCOL_VERSION, routing_headers
from argus_trio.wire.results import RESERVED
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

MAX_PAGES: Final = 200
"""Pages of one list that are followed; a backend with more is reported and shown as far as that."""

CANCEL_NOTICE: Final = 2.0
"""Seconds that telling a backend of a cancellation may take."""

_LIST_CHANGED: Final = {
    "notifications/tools/list_changed": ("tools",),
    "notifications/prompts/list_changed": ("prompts",),
    "notifications/resources/list_changed": ("resources", "templates"),
}


@attrs.define(eq=False)
class _Flight:
    """One exchange under way: its deadline and how far progress may move it, its client's token, its notifications."""

    scope: trio.CancelScope
    patience: float
    latest: float
    relay: Relay
    token: msgspec.Raw | None

    def progressed(self) -> None:
        """Give the call its full patience again, as far as `latest` lets it."""
        self.scope.deadline = min(trio.current_time() + self.patience, self.latest)


@attrs.define(eq=False)
class Connection:
    """The conversation. `nursery` is the scope's, for what must not hold up the link's reader."""

    backend: str
    link: Link
    greeting: Greeting
    nursery: trio.Nursery
    on_list_changed: Callable[[tuple[str, ...]], None]
    cancels_by_notice: bool
    """Whether a cancelled call is told by a notification; on modern HTTP the closed stream says it."""
    _ids: count[int] = attrs.field(factory=lambda: count(FIRST_CALL_ID))
    _flights: dict[int, _Flight] = attrs.field(factory=dict)

    @property
    def calls_in_flight(self) -> int:
        """How many exchanges are under way."""
        return len(self._flights)

    async def call(self, exchange: Exchange, params: Params, timeouts: Timeouts, headers: Headers = ()) -> bytes:
        """Perform the exchange's method with `params`; the raw JSON of the result. `headers` go with it on modern HTTP.

        Cancelling tells the backend, within `CANCEL_NOTICE`.

        Raises:
            BackendError: the backend's own error.
            BackendUnavailable: the link died, or refused the request.
            BackendMisbehaved: the answer is neither a result object nor an error object.
            DeadlineExceeded: no answer in `timeouts.call`, which progress extends up to `timeouts.call_max`.
        """
        message_id = next(self._ids)
        token, params = _exchange_meta(params, message_id)
        started = trio.current_time()
        with trio.CancelScope(deadline=started + timeouts.call) as scope:
            relay = Relay(exchange, self.nursery)
            self._flights[message_id] = _Flight(scope, timeouts.call, started + timeouts.call_max, relay, token)
            awaited = True
            try:
                answer = await self._request(message_id, exchange.call.method, params, headers)
                awaited = False
            except LinkFailed as failure:
                awaited = False
                raise BackendUnavailable(self.backend, failure.reason, details=failure.details) from failure
            finally:
                del self._flights[message_id]
                if awaited:
                    await self._tell_cancelled(message_id)
            await relay.drained()
            return self._result_of(answer)
        raise DeadlineExceeded(self.backend, trio.current_time() - started)

    async def list_all(self, kind: str) -> list[tuple[str, Params]]:
        """Every entry of one kind, all pages followed up to `MAX_PAGES`. Has no deadline of its own.

        Raises:
            LinkFailed: the link died, or the backend refused or garbled the list.
        """
        entries: list[tuple[str, Params]] = []
        cursor: msgspec.Raw | None = None
        seen: set[bytes] = set()
        for _ in range(MAX_PAGES):
            page = await self._page(kind, cursor)
            entries += page.entries
            if page.invalid:
                log.warning("backend_entries_invalid", backend=self.backend, kind=kind, count=page.invalid)
            cursor = page.next_cursor
            if cursor is None:
                return entries
            if bytes(cursor) in seen:
                break
            seen.add(bytes(cursor))
        log.warning("backend_list_cut", backend=self.backend, kind=kind, kept=len(entries), pages=len(seen) + 1)
        return entries

    async def _page(self, kind: str, cursor: msgspec.Raw | None) -> Page:
        method = METHODS[kind]
        answer = await self._request(next(self._ids), method, {} if cursor is None else {"cursor": cursor})
        if isinstance(answer, ErrorResponse):
            raise LinkFailed(f"it refused {method}: {answer.error[:300].decode('utf-8', 'replace')}")
        try:
            return read_page(kind, LIST_KEYS[kind], answer.result)
        except msgspec.DecodeError as fault:
            raise LinkFailed(f"its answer to {method} is no list: {fault}") from None

    async def _request(
        self, message_id: int, method: str, params: Params, more: Headers = ()
    ) -> Response | ErrorResponse:
        headers: Headers
        if self.greeting.era is Era.MODERN:
            params = {**params, "_meta": _stamped(params.get("_meta"), self.greeting.revision)}
            headers = (*routing_headers(self.greeting.revision, method, params), *more)
        else:
            headers = ((PROTOCOL_VERSION, self.greeting.revision),)
        body = encode_request(b"%d" % message_id, method, params)
        return await self.link.request(Outgoing(id=message_id, body=body, headers=headers))

    def _result_of(self, answer: Response | ErrorResponse) -> bytes:
        if isinstance(answer, ErrorResponse):
            if not _is_error_object(answer.error):
                raise BackendMisbehaved(self.backend, "its error is no JSON-RPC error object")
            raise BackendError(answer.error)
        if answer.result[:1] != b"{":
            raise BackendMisbehaved(self.backend, "its result is no object")
        return answer.result

    async def _tell_cancelled(self, message_id: int) -> None:
        if not self.cancels_by_notice:
            return
        notice = encode_notification("notifications/cancelled", {"requestId": encode_raw(message_id)})
        with trio.move_on_after(CANCEL_NOTICE, shield=True):
            try:
                await self.link.send(notice, ((PROTOCOL_VERSION, self.greeting.revision),))
            except LinkFailed as failure:
                log.debug("cancellation_untold", backend=self.backend, reason=failure.reason)

    async def receive(self, message: Request | Notification, within: int | None) -> None:
        """Take what the backend says on its own; the link's `Inbox`. Returns without waiting for anybody."""
        if isinstance(message, Request):
            self.nursery.start_soon(self._answer, message)
        elif message.method == "notifications/progress":
            self._progress(message.params)
        elif message.method in _LIST_CHANGED:
            self.on_list_changed(_LIST_CHANGED[message.method])
        else:
            log.debug("backend_notification_dropped", backend=self.backend, method=message.method, within=within)

    def _progress(self, params: Params) -> None:
        try:
            flight = self._flights.get(msgspec.json.decode(params["progressToken"], type=int))
        except (KeyError, msgspec.DecodeError):
            flight = None
        if flight is not None and flight.token is not None:
            flight.progressed()
            flight.relay.put("notifications/progress", {**params, "progressToken": flight.token})

    async def _answer(self, request: Request) -> None:
        if request.method == "ping":
            body = encode_response(request.id, b"{}")
        else:
            refusal = encode_error(-32601, f"{request.method} was not declared as a capability")
            body = encode_error_response(request.id, refusal)
        try:
            await self.link.send(body, ((PROTOCOL_VERSION, self.greeting.revision),))
        except LinkFailed as failure:
            log.debug("backend_request_unanswered", backend=self.backend, reason=failure.reason)


def _exchange_meta(params: Params, message_id: int) -> tuple[msgspec.Raw | None, Params]:
    """The client's progress token, and the params for the next hop: our token in its place (two clients' may be the
    same), and none of the `_meta` keys by which one peer tells the next of itself."""
    raw_meta = params.get("_meta")
    if raw_meta is None:
        return None, params
    try:
        meta = decode_object(raw_meta)
    except msgspec.DecodeError:
        meta = {}
    token = meta.get("progressToken")
    kept = {key: value for key, value in meta.items() if not key.startswith(RESERVED)}
    if token is not None:
        kept["progressToken"] = encode_raw(message_id)
    return token, {**params, "_meta": encode_raw(kept)}


def _stamped(raw_meta: msgspec.Raw | None, revision: str) -> msgspec.Raw:
    meta = {} if raw_meta is None else decode_object(raw_meta)
    return encode_raw({**meta, **modern_meta(revision)})


def _is_error_object(error: bytes) -> bool:
    try:
        fields = decode_object(error)
        msgspec.json.decode(fields["code"], type=int)
        msgspec.json.decode(fields["message"], type=str)
    except (msgspec.DecodeError, KeyError):
        return False
    return True
