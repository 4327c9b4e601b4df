"""The front end's boundary: what a handler returns or raises becomes a result or an error object, never a crash.

Here is where the fault of a call is caught, whatever it is. The HTTP server has two more guards of that kind, for what
happens outside of any call: one for a request, one for a connection (`server/lean/connection.py`, and the same in
`server/hypercorn_server.py`).
"""

from __future__ import annotations

import secrets
from typing import Final, Protocol

import structlog
import trio

from argus_trio.core.call.exchange import Exchange, Handler
from argus_trio.core.open_exchanges import CutByStop, cut_error
from argus_trio.errors import (
    BackendError,
    CapabilityMissing,
    ClientCannotAnswer,
    InvalidRequest,
    RpcError,
    Unexpected,
)
from argus_trio.per_call import PerCallValue
from argus_trio.wire.envelope import (
    Raw,
    decode_object,
    encode,
    encode_error,
    encode_error_response,
)
from argus_trio.wire.error_objects import code_of
from argus_trio.wire.revisions import Era

log = structlog.get_logger()

_STATUS: Final = {-32700: 400, -32600: 400, -32601: 404, -32602: 400, -32020: 400, -32021: 400, -32022: 400}
"""The HTTP status that goes with the error code of a backend on a modern edge (2026-07-28, Streamable HTTP)."""

_NOT_FOUND_THEN: Final = b"-32002"
_NOT_FOUND_NOW: Final = b"-32602"
"""A resource that is not there: until 2025-11-25, and since 2026-07-28."""


class ServedExchange(Exchange, Protocol):
    """An exchange as an edge has made it: one scope ends it, whoever wants that."""

    @property
    def scope(self) -> trio.CancelScope:
        """The scope in which it is served, once."""


class Outcome(PerCallValue, frozen=True):
    """How a call ended: exactly one of the two is given."""

    result: bytes | None = None
    error: RpcError | None = None


async def outcome_of(handler: Handler, exchange: ServedExchange) -> Outcome:
    """Have `exchange` served in its scope. An unexpected exception is logged with its traceback under an id that the
    client gets. One that its scope has ended is the error of a call that was cut: nobody sees it whose client has gone.
    """
    try:
        with exchange.scope:
            return Outcome(result=await handler(exchange))
        return Outcome(error=CutByStop() if exchange.record is None else cut_error(exchange.record))
    except RpcError as error:
        return Outcome(error=error)
    except ClientCannotAnswer as error:
        return Outcome(error=_unanswerable(error, exchange.call.era))
    except Exception:  # the boundary: a fault of one call must not reach another
        error_id = secrets.token_hex(6)
        log.exception("call_failed_unexpectedly", error_id=error_id, method=exchange.call.method)
        return Outcome(error=Unexpected(error_id))


def error_response(message_id: bytes, error: RpcError, era: Era = Era.LEGACY) -> bytes:
    """The encoded error response; `message_id` is raw JSON."""
    return encode_error_response(message_id, error_object(error, era))


def error_object(error: RpcError, era: Era = Era.LEGACY) -> bytes:
    """The raw error object: a backend's own as it came, save for the code that the modern era changed."""
    if not isinstance(error, BackendError):
        return encode_error(error.code, error.message, error.data)
    if era is Era.MODERN and _NOT_FOUND_THEN in error.encoded and code_of(error.encoded) == _NOT_FOUND_THEN:
        members = decode_object(error.encoded)
        members["code"] = Raw(_NOT_FOUND_NOW)
        return encode(members)
    return error.encoded


def http_status(error: RpcError) -> int:
    """The status that a modern edge answers `error` with."""
    if not isinstance(error, BackendError):
        return error.http_status
    code = code_of(error.encoded)
    if code == _NOT_FOUND_THEN:
        code = _NOT_FOUND_NOW
    try:
        return _STATUS.get(int(code), 200)
    except ValueError:
        return 200


def _unanswerable(error: ClientCannotAnswer, era: Era) -> RpcError:
    """The error for a call that could not do without asking its client."""
    if era is Era.MODERN and error.required:
        return CapabilityMissing(str(error), error.required)
    return InvalidRequest(str(error))
