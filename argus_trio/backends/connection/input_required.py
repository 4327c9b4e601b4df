"""Reads, checks and answers `input_required` results of a modern backend (2026-07-28, Multi Round-Trip Requests).

For a legacy client the rounds are driven here, each performed by the `Connection`. A modern client drives them itself:
its results are checked only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import uuid4

import attrs
import msgspec
import trio

from argus_trio import Value
from argus_trio.backends.connection.ask_progress import split_token
from argus_trio.backends.connection.in_flight import InFlight
from argus_trio.core.call.exchange import Exchange
from argus_trio.core.groups import leaves
from argus_trio.errors import (
    BackendError,
    BackendMisbehaved,
    ClientCannotAnswer,
    ClientRefused,
    Overloaded,
)
from argus_trio.wire.envelope import Params, Raw, decode_object, decode_string, encode_raw
from argus_trio.wire.members import without_nulls
from argus_trio.wire.passing.known_result import own_words
from argus_trio.wire.revisions import Era

MAX_ROUNDS: Final = 16
"""How many rounds one call may take: an honest backend needs a few, and one that asks without end must be stopped."""

MARK: Final = b'"input_required"'
"""The bytes that stand in every `input_required` result; a result without them is not decoded."""

AskClient = Callable[[str, Params], Awaitable[bytes]]
"""Asks a client, by method and params; the raw JSON of its result. Raises as `Exchange.ask`."""


@attrs.frozen(kw_only=True)
class InputRequired(Value):
    """An `input_required` result: what the backend asks of the client."""

    requests: dict[str, tuple[str, Params]]
    """Method and params of each request, by the backend's key."""
    state: Raw | None
    """The `requestState` that the backend wants back."""

    def retried(self, params: Params, answers: dict[str, Raw]) -> Params:
        """The params of the next round: `params` with the answers, by key, and the state of this one."""
        fields = {key: value for key, value in params.items() if key not in ("inputResponses", "requestState")}
        if answers:
            fields["inputResponses"] = encode_raw(answers)
        if self.state is not None:
            fields["requestState"] = self.state
        return fields


async def all_rounds(
    backend: str,
    call_in_flight: InFlight,
    params: Params,
    *,
    result: bytes,
    again: Callable[[Params], Awaitable[bytes]],
) -> bytes:
    """The final result of a call with `params` whose first round gave `result`; `again` performs another round.

    Raises:
        BackendMisbehaved: it asks in a malformed way, for what was not declared, or without end.
        RpcError: as `answer_all`, or whatever `again` raises.
    """
    exchange = call_in_flight.exchange
    for _ in range(MAX_ROUNDS):
        required = read_input_required(backend, result)
        if required is None:
            return result
        check_declared(backend, required, exchange)
        if exchange.call.era is Era.MODERN:
            return result  # the client drives the rounds itself
        with trio.CancelScope() as ask:
            call_in_flight.begin_ask(ask)
            try:
                answers = await answer_all(required, exchange.ask)
            finally:
                call_in_flight.end_ask(ask)
        result = await again(required.retried(params, answers))
    raise BackendMisbehaved(backend, f"it asked more than {MAX_ROUNDS} times in one call")


def read_input_required(backend: str, result: bytes) -> InputRequired | None:
    """The `input_required` result that `result` is; None if it is another one.

    Raises:
        BackendMisbehaved: it is one, but malformed.
    """
    if MARK not in own_words(result):
        return None
    try:
        fields = decode_object(result)
        if bytes(fields.get("resultType", b"")) != MARK:
            return None
        fields = without_nulls(fields)
        asked = decode_object(fields.get("inputRequests", b"{}"))
        return InputRequired(
            requests={key: _request(raw) for key, raw in asked.items()}, state=fields.get("requestState")
        )
    except (msgspec.DecodeError, KeyError):
        raise BackendMisbehaved(backend, "its input_required is malformed") from None


def check_declared(backend: str, required: InputRequired, exchange: Exchange) -> None:
    """Check that the client is asked only for what it declared.

    Raises:
        BackendMisbehaved: it is asked for something else.
    """
    for method, params in required.requests.values():
        if not exchange.call.abilities.permits(method, params):
            raise BackendMisbehaved(backend, f"it asks for {method[:100]}, which the client did not declare")


async def answer_all(required: InputRequired, ask: AskClient) -> dict[str, Raw]:
    """Ask the client for everything at once; the raw results by key. Has no deadline of its own.

    Raises:
        BackendError: the client refused one, in its own words.
        ClientCannotAnswer: it cannot be asked, or has not answered in time.
        Overloaded: too many calls are asking their clients already.
    """
    answers: dict[str, Raw] = {}

    async def one(key: str, method: str, params: Params) -> None:
        answers[key] = Raw(await ask(method, _for_legacy(method, params)))

    failed: list[ClientRefused | ClientCannotAnswer | Overloaded] = []
    try:
        async with trio.open_nursery() as nursery:
            for key, (method, params) in required.requests.items():
                nursery.start_soon(one, key, method, params)
    except* (ClientRefused, ClientCannotAnswer, Overloaded) as group:
        failed.extend(leaves(group))
    match failed:
        case [ClientRefused() as refused, *_]:
            raise BackendError(refused.encoded)
        case [Overloaded() as overloaded, *_]:
            raise overloaded
        case [ClientCannotAnswer() as unable, *_]:
            raise unable
    return answers


def _for_legacy(method: str, params: Params) -> Params:
    """The params of a question as legacy revisions want them: an elicitation by URL has an id (2025-11-25), which
    2026-07-28 has no more. Nobody could report of its progress, so no token is passed on."""
    params, _ = split_token(params, None)
    if method != "elicitation/create" or bytes(params.get("mode", b"")) != b'"url"' or "elicitationId" in params:
        return params
    return {**params, "elicitationId": encode_raw(uuid4().hex)}


def _request(raw: Raw) -> tuple[str, Params]:
    fields = without_nulls(decode_object(raw))
    return decode_string(fields["method"]), decode_object(fields.get("params", b"{}"))
