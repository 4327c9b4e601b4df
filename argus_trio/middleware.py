"""What a middleware of your own is written with: the names here stay, whatever moves behind them.

A middleware is an async callable. It is given an exchange and the rest of the chain, and returns the bytes of a result:

    async def polite(exchange: Exchange, call_next: Handler) -> bytes:
        arguments = arguments_of(exchange)
        return await call_next(with_arguments(exchange, {**arguments, "please": True}))

`exchange.call` is what the client asks: `method`, `params` (one level decoded, its values raw JSON), `principal`. An
`RpcError` that it raises is what the client gets; any other exception becomes an internal error with an id, which the
log explains. `docs/middleware.md` has more, and an example.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec

from argus_trio.core.access.denials import Rejected
from argus_trio.core.access.principal import Principal
from argus_trio.core.call.exchange import Call, Exchange, Handler
from argus_trio.core.call.record import CallRecord
from argus_trio.errors import InvalidParams, RpcError
from argus_trio.wire.envelope import Params, Raw, decode_object, encode_raw, on_one_line

__all__ = [
    "Call",
    "Exchange",
    "Handler",
    "InvalidParams",
    "Principal",
    "Rejected",
    "RpcError",
    "arguments_of",
    "result_of",
    "with_arguments",
    "with_params",
]


@attrs.frozen(eq=False, repr=False)
class _Changed:
    """An exchange whose call is another one; all that goes back to the client goes the same way."""

    _inner: Exchange
    call: Call

    @property
    def record(self) -> CallRecord | None:
        return self._inner.record

    async def notify(self, method: str, params: Params) -> None:
        await self._inner.notify(method, params)

    async def ask(self, method: str, params: Params) -> bytes:
        return await self._inner.ask(method, params)


def arguments_of(exchange: Exchange) -> dict[str, object]:
    """The decoded `arguments` of a call of a tool or a prompt; empty where there are none.

    Raises:
        InvalidParams: they are no JSON object.
    """
    raw = exchange.call.params.get("arguments")
    if raw is None:
        return {}
    try:
        return msgspec.json.decode(raw, type=dict[str, object])
    except msgspec.DecodeError:
        raise InvalidParams('"arguments" must be an object') from None


def with_arguments(exchange: Exchange, arguments: Mapping[str, object]) -> Exchange:
    """The same exchange with other arguments, which can be encoded as JSON."""
    return with_params(exchange, {"arguments": arguments})


def with_params(exchange: Exchange, params: Mapping[str, object]) -> Exchange:
    """The same exchange with these members of its params in place of those it has; they can be encoded as JSON.

    Raises:
        TypeError: one of them cannot be, or is raw and no JSON.
    """
    changed = {key: _raw(key, value) for key, value in params.items()}
    return _Changed(exchange, msgspec.structs.replace(exchange.call, params={**exchange.call.params, **changed}))


def _raw(key: str, value: object) -> Raw:
    if not isinstance(value, Raw):
        return encode_raw(value)
    try:
        msgspec.json.decode(value, type=Raw)
    except msgspec.DecodeError as error:
        raise TypeError(f"{key!r} is raw, and no JSON: {error}") from None
    return Raw(on_one_line(bytes(value)))


def result_of(raw: bytes) -> dict[str, Raw]:
    """One level of a result, its values raw JSON; `encode` them again with `msgspec.json.encode`."""
    return dict(decode_object(raw))
