"""What a `requestState` of ours says and to whom it means anything; sans I/O, `now` is an argument.

(2026-07-28, Multi Round-Trip Requests.) A state is bound to principal, endpoint, method and parameters of its
call, and expires; whether it may be used once or often is for those who keep what it refers to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, Literal, Protocol

import attrs
import msgspec

from argus_trio.core.call.exchange import Call
from argus_trio.errors import InvalidParams
from argus_trio.wire.envelope import Params, Raw, decode_object, decode_string, encode

STATE_LIFE_SECONDS: Final = 600.0
"""How long a state is good for, and a call waits for its client to come back: people answer, and read first."""

STATE: Final = "requestState"
ANSWERS: Final = "inputResponses"
_PASSING: Final = frozenset({STATE, ANSWERS, "_meta"})
"""The params that differ between a request and its retry."""

MARK: Final = b'"input_required"'
"""The type of a result that asks for input; a result without it asks for none."""

Kind = Literal["parked", "relayed"]


class Seal(Protocol):
    """Makes text unreadable and unchangeable for everybody else."""

    def seal(self, content: bytes) -> str: ...

    def open(self, sealed: str) -> bytes:
        """What was sealed. Raises `InvalidParams` with the reason if it was not sealed by this one."""


class RequestState(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed. `content` is a ticket (parked), or the raw JSON of the backend's own state, if any (relayed)."""

    kind: Kind
    principal: str
    method: str
    digest: str
    expires: float
    content: str | None
    endpoint: str = ""


NOT_OF_THIS_CLIENT: Final = f"{STATE} is another client's, or has been changed since this gateway gave it out"
"""What is said of both, so that nobody learns which states of others are true."""

_decode_state: Final = msgspec.json.Decoder(RequestState).decode
_decode_any: Final = msgspec.json.Decoder().decode
_encode_sorted: Final = msgspec.json.Encoder(order="sorted").encode


@attrs.define(eq=False, repr=False)
class RequestStates:
    """Gives out states and reads them. `make_seal` is called when the first one is needed."""

    _make_seal: Callable[[], Seal]
    _seal: Seal | None = attrs.field(default=None, init=False)

    def give_out(self, call: Call, kind: Kind, content: str | None, now: float) -> str:
        """A sealed state for the client of `call`."""
        state = RequestState(
            kind=kind,
            principal=call.principal.name,
            method=call.method,
            digest=digest(call.params),
            expires=now + STATE_LIFE_SECONDS,
            content=content,
            endpoint=call.endpoint,
        )
        return self._sealing().seal(msgspec.json.encode(state))

    def read(self, call: Call, now: float) -> RequestState:
        """The state that the retry `call` brings with it.

        Raises:
            InvalidParams: it is none of ours, has expired, or belongs to another call.
        """
        try:
            sealed = decode_string(call.params[STATE])
        except msgspec.DecodeError:
            raise InvalidParams(f"{STATE} must be a string") from None
        state = _decode_state(self._sealing().open(sealed))
        if state.principal != call.principal.name or state.endpoint != call.endpoint:
            raise InvalidParams(NOT_OF_THIS_CLIENT)
        if state.expires <= now:
            raise InvalidParams(f"{STATE} has expired; begin anew without it")
        if state.method != call.method:
            raise InvalidParams(f"{STATE} was given for {state.method}, not for {call.method}")
        if state.digest != digest(call.params):
            raise InvalidParams(f"{STATE} was given for other parameters")
        return state

    def relayed(self, call: Call, result: bytes, now: float) -> bytes:
        """A backend's result; if it asks for input, with the state that it gave, or none, sealed within one of ours."""
        try:
            members = decode_object(result)
        except msgspec.DecodeError:
            return result
        if bytes(members.get("resultType", b"")) != MARK:
            return result
        theirs = members.get(STATE)
        content = None if theirs is None else bytes(theirs).decode()
        members[STATE] = Raw(encode(self.give_out(call, "relayed", content, now)))
        return encode(members)

    def _sealing(self) -> Seal:
        if self._seal is None:
            self._seal = self._make_seal()
        return self._seal


def unwrapped(call: Call, state: RequestState) -> Call:
    """The retry `call` as the backend has to see it: with the state that it gave itself, or none."""
    params = dict(call.params)
    del params[STATE]
    if state.content is not None:
        params[STATE] = Raw(state.content.encode())
    return msgspec.structs.replace(call, params=params, continues=f"{state.digest} {state.expires!r}")


def digest(params: Params) -> str:
    """A digest of what a request and its retry have in common, whatever order and spelling their JSON has."""
    parts = {name: Raw(_canonical(value)) for name, value in params.items() if name not in _PASSING}
    return hashlib.sha256(_encode_sorted(parts)).hexdigest()


def _canonical(value: Raw) -> bytes:
    try:
        return _encode_sorted(_decode_any(value))
    except (msgspec.DecodeError, RecursionError):  # a number that no float can hold, for one
        return bytes(value)
