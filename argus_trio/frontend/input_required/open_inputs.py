"""The input requests that one call has open, and what the client's answers mean to them; sans I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import attrs
import msgspec

from argus_trio.core.call.abilities import Abilities
from argus_trio.errors import ArgusError, ClientRefused, InvalidParams
from argus_trio.frontend.input_required.exchange import undeclared
from argus_trio.frontend.input_required.request_state import ANSWERS
from argus_trio.wire.envelope import Params, decode_object, encode

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "elicitation/create": ("action",),
    "sampling/createMessage": ("role", "content", "model"),
    "roots/list": ("roots",),
}
"""What each result must have (2026-07-28, InputResponse)."""


@attrs.define(eq=False, repr=False, kw_only=True)
class OpenInput:
    """One open input request. `wake` is called, synchronously, once there is an answer or a refusal."""

    key: str
    method: str
    params: Params
    wake: Callable[[], object]
    answer: bytes | None = None
    refusal: ArgusError | None = None

    def settle(self, outcome: bytes | ArgusError) -> None:
        """Answer the request with a raw result, or refuse it."""
        if isinstance(outcome, ArgusError):
            self.refusal = outcome
        else:
            self.answer = outcome
        self.wake()


@attrs.define(eq=False, repr=False)
class OpenInputs:
    """The input requests that one call has open, by keys that are never used twice."""

    _key: Callable[[int], str] = "ask-{}".format
    """Makes the key of each, of its number."""
    _open: dict[str, OpenInput] = attrs.field(factory=dict, init=False)
    _minted: int = attrs.field(default=0, init=False)

    def __bool__(self) -> bool:
        return bool(self._open)

    def __len__(self) -> int:
        return len(self._open)

    def open(self, method: str, params: Params, wake: Callable[[], object]) -> OpenInput:
        """A new input request."""
        self._minted += 1
        ask = OpenInput(key=self._key(self._minted), method=method, params=params, wake=wake)
        self._open[ask.key] = ask
        return ask

    def close(self, ask: OpenInput) -> None:
        """Forget a request that nobody waits for any more. Idempotent."""
        self._open.pop(ask.key, None)

    def get(self, key: str) -> OpenInput | None:
        """The request that is open under this key."""
        return self._open.get(key)

    def requests(self) -> bytes:
        """The raw `InputRequests` of all that are open."""
        return encode({ask.key: _request(ask) for ask in self._open.values()})

    def judge(self, answers: Params) -> dict[str, bytes | ArgusError]:
        """What the client's answers mean to the open requests; those to others are ignored.

        Raises:
            InvalidParams: an answer is no result of what was asked, and no error either.
        """
        return {key: _judged(ask, answers[key]) for key, ask in self._open.items() if key in answers}

    def settle(self, outcomes: Mapping[str, bytes | ArgusError]) -> None:
        """Settle and close these requests."""
        for key, outcome in outcomes.items():
            ask = self._open.pop(key, None)
            if ask is not None:
                ask.settle(outcome)

    def refuse_undeclared(self, abilities: Abilities) -> None:
        """Refuse what a client with these abilities cannot be asked (again)."""
        refused = [each for each in self._open.values() if not abilities.permits(each.method, each.params)]
        self.settle({each.key: undeclared(each.method, each.params) for each in refused})

    def refuse_all(self, reason: Callable[[str], ArgusError]) -> None:
        """Refuse every open request with the error that `reason` makes of its method."""
        self.settle({key: reason(ask.method) for key, ask in self._open.items()})


def read_answers(params: Params) -> Params:
    """The client's `inputResponses`, one level of it; none where there are none.

    Raises:
        InvalidParams: it is no object.
    """
    try:
        return decode_object(params.get(ANSWERS, b"{}"))
    except msgspec.DecodeError:
        raise InvalidParams(f"{ANSWERS} must be an object") from None


def _request(ask: OpenInput) -> dict[str, object]:
    return {"method": ask.method, "params": ask.params} if ask.params else {"method": ask.method}


def _judged(ask: OpenInput, raw: msgspec.Raw) -> bytes | ArgusError:
    try:
        members = decode_object(raw)
    except msgspec.DecodeError:
        raise InvalidParams(f"{ANSWERS}[{ask.key!r}] must be an object") from None
    missing = missing_in(ask.method, members)
    if not missing:
        return bytes(raw)
    error = members.get("error", raw)
    if is_error_object(error):
        return ClientRefused(bytes(error))
    raise InvalidParams(f"{ANSWERS}[{ask.key!r}] is no result of {ask.method}: it lacks {', '.join(missing)}")


def missing_in(method: str, result: Params) -> list[str]:
    """The members that a result of what was asked lacks."""
    return [name for name in _NEEDED.get(method, ()) if name not in result]


def is_error_object(raw: msgspec.Raw) -> bool:
    """Whether it is a JSON-RPC error object, which some clients answer with though the revision has results alone."""
    try:
        members = decode_object(raw)
    except msgspec.DecodeError:
        return False
    return bytes(members.get("code", b"")).lstrip(b"-").isdigit() and bytes(members.get("message", b""))[:1] == b'"'
