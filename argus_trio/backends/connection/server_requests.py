"""Requests of a legacy backend: answered by the client whose call they belong to, and by no other.

What a modern backend asks comes in results instead: see `input_required.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs
import msgspec
import structlog
import trio

from argus_trio.backends.connection.ask_progress import Reports, split_token
from argus_trio.backends.connection.in_flight import InFlight
from argus_trio.backends.links.link import Link
from argus_trio.core.call.abilities import ASKS
from argus_trio.core.call.exchange import ClientSession
from argus_trio.errors import ClientCannotAnswer, ClientRefused, LinkFailed, Overloaded
from argus_trio.wire.envelope import (
    Params,
    Request,
    encode_error,
    encode_error_response,
    encode_response,
)
from argus_trio.wire.headers import Headers
from argus_trio.wire.members import string_member

log = structlog.get_logger()

ASK_LIMIT_SECONDS: Final = 600.0
"""How long a client has for an answer: people give them, and ten minutes are enough to fill in a form."""

MAX_OPEN: Final = 64
"""Requests of a backend that may be open at once on a connection; more are refused, to spare the clients."""

_NOT_FOUND: Final = -32601
_INTERNAL: Final = -32603


@attrs.define(eq=False, repr=False)
class ServerRequests:
    """The open requests of the backend on one connection. `headers` go with every answer."""

    backend: str
    link: Link
    headers: Headers
    _open: dict[bytes, trio.CancelScope] = attrs.field(factory=dict, init=False)
    """The scopes of the open requests, by the backend's ids."""
    _reports: dict[str, Reports] = attrs.field(factory=dict, init=False)
    """Where progress is wanted: the reports of each open request, by the token that the client was given."""

    def withdraw(self, params: Params) -> None:
        """Cancel the open request that the params of a backend's `notifications/cancelled` name."""
        scope = self._open.get(bytes(params.get("requestId", msgspec.Raw())))
        if scope is not None:
            scope.cancel()

    def report(self, client: ClientSession, params: Params) -> Reports | None:
        """Take the params of a client's `notifications/progress`; what `pass_on` has to be called for, if they concern
        a request that the client was asked here."""
        reports = self._reports.get(string_member(params, "progressToken") or "")
        if reports is None or reports.client is not client:
            return None
        return reports if reports.put(params) else None

    async def pass_on(self, reports: Reports) -> None:
        """Send the backend what was reported. Raises nothing if its link has died."""
        await reports.pass_on(self._send)

    async def answer(
        self, request: Request, call_in_flight: InFlight | None, client: ClientSession | None, *, is_guess: bool = False
    ) -> None:
        """Answer one request of the backend: by the client of `call_in_flight`, else by `client`, the session that the
        connection belongs to.

        `is_guess` says that another call of that client may be meant: the client is asked as long as there is one. A
        request that is withdrawn, or whose call ends, is not answered. Raises nothing if the link has died.
        """
        params, reports = split_token(
            request.params, client if call_in_flight is None else call_in_flight.exchange.call.client
        )
        request = msgspec.structs.replace(request, params=params)
        with trio.CancelScope(deadline=trio.current_time() + ASK_LIMIT_SECONDS) as scope:
            with self._registered(request, call_in_flight, scope, is_guess=is_guess), self._reporting(reports):
                body = await self._answered(request, call_in_flight, client)
            if reports is not None:
                await self.pass_on(reports)  # nothing may be reported of what has been answered
            await self._send(body)
            return
        if trio.current_time() >= scope.deadline:
            error = encode_error(_INTERNAL, f"the client did not answer within {ASK_LIMIT_SECONDS:g} s")
            await self._send(encode_error_response(request.id, error))

    @contextmanager
    def _registered(
        self, request: Request, call_in_flight: InFlight | None, scope: trio.CancelScope, *, is_guess: bool
    ) -> Iterator[None]:
        self._open[request.id] = scope
        is_counted = call_in_flight is not None and request.method in ASKS
        if is_counted and call_in_flight is not None:
            call_in_flight.begin_ask(scope, is_guess=is_guess)
        try:
            yield
        finally:
            if is_counted and call_in_flight is not None:
                call_in_flight.end_ask(scope)
            self._open.pop(request.id, None)

    @contextmanager
    def _reporting(self, reports: Reports | None) -> Iterator[None]:
        if reports is None:
            yield
            return
        self._reports[reports.client_token] = reports
        try:
            yield
        finally:
            del self._reports[reports.client_token]

    async def _answered(self, request: Request, call_in_flight: InFlight | None, client: ClientSession | None) -> bytes:
        if request.method == "ping":
            return encode_response(request.id, b"{}")
        try:
            result = await self._asked(request, call_in_flight, client)
        except ClientRefused as refused:
            return encode_error_response(request.id, refused.encoded)
        except (ClientCannotAnswer, Overloaded) as unable:
            return encode_error_response(request.id, encode_error(_NOT_FOUND, str(unable)))
        return encode_response(request.id, result)

    async def _asked(self, request: Request, call_in_flight: InFlight | None, client: ClientSession | None) -> bytes:
        if len(self._open) > MAX_OPEN:
            raise ClientCannotAnswer(request.method, f"more than {MAX_OPEN} asks are open")
        if call_in_flight is not None:
            if not call_in_flight.exchange.call.abilities.permits(request.method, request.params):
                raise ClientCannotAnswer(request.method[:100], "it did not declare that it can be")
            return await call_in_flight.exchange.ask(request.method, request.params)
        if client is not None and request.method in ASKS:
            return await client.ask(request.method, request.params)
        raise ClientCannotAnswer(request.method[:100], "no call of a client is under way")

    async def _send(self, body: bytes) -> None:
        try:
            await self.link.send(body, self.headers)
        except LinkFailed as failure:
            log.debug("backend_request_unanswered", backend=self.backend, reason=failure.reason)
