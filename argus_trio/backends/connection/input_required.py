"""A modern backend's `input_required` towards a client: the rounds are driven here for a legacy one, checked for a
modern one, which drives them itself (2026-07-28, Multi Round-Trip Requests)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import uuid4

import attrs
import msgspec
import trio

from argus_trio.backends.connection.ask_progress import split_token
from argus_trio.core.call.exchange import Exchange
from argus_trio.errors import (
    BackendError,
    BackendMisbehaved,
    ClientCannotAnswer,
    ClientRefused,
    Overloaded,
    leaves,
)
from argus_trio.wire.envelope import Params, Raw, decode_object, decode_string, encode_raw

MAX_ROUNDS: Final = 16
"""How often one call may ask its client."""

MARK: Final = b'"input_required"'
"""What stands in every result that asks; a result without it is not looked into."""

AskClient = Callable[[str, Params], Awaitable[bytes]]


@attrs.frozen(kw_only=True)
class InputRequired:
    """A result that asks: what for, by key, and the state that the backend wants back."""

    requests: dict[str, tuple[str, Params]]
    state: Raw | None

    def retried(self, params: Params, answers: dict[str, Raw]) -> Params:
        """The params of the next round."""
        kept = {key: value for key, value in params.items() if key not in ("inputResponses", "requestState")}
        if answers:
            kept["inputResponses"] = encode_raw(answers)
        if self.state is not None:
            kept["requestState"] = self.state
        return kept


def read_input_required(backend: str, result: bytes) -> InputRequired | None:
    """What a result asks for, None if it asks for nothing.

    Raises:
        BackendMisbehaved: it asks in a way that is not understood.
    """
    if MARK not in result:
        return None
    try:
        fields = decode_object(result)
        if bytes(fields.get("resultType", b"")) != MARK:
            return None
        asked = decode_object(fields.get("inputRequests", b"{}"))
        return InputRequired(
            requests={key: _request(raw) for key, raw in asked.items()}, state=fields.get("requestState")
        )
    except (msgspec.DecodeError, KeyError):
        raise BackendMisbehaved(backend, "its input_required is malformed") from None


def check_declared(backend: str, required: InputRequired, exchange: Exchange) -> None:
    """Refuse what asks a client for something that it did not declare.

    Raises:
        BackendMisbehaved: it does.
    """
    for method, params in required.requests.values():
        if not exchange.call.abilities.permits(method, params):
            raise BackendMisbehaved(backend, f"it asks for {method[:100]}, which the client did not declare")


async def answer_all(backend: str, required: InputRequired, ask: AskClient) -> dict[str, Raw]:
    """Ask the client for everything at once; the answers by key.

    Raises:
        BackendError: the client refused one, in its own words.
        BackendMisbehaved: the client cannot be asked.
        Overloaded: too much is asked of it already.
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
            raise BackendMisbehaved(backend, str(unable))
    return answers


def _for_legacy(method: str, params: Params) -> Params:
    """The params of a question as legacy revisions want them: an elicitation by URL has an id (2025-11-25), which
    2026-07-28 has no more. Nobody could report of its progress, so no token is passed on."""
    params, _ = split_token(params, None)
    if method != "elicitation/create" or bytes(params.get("mode", b"")) != b'"url"' or "elicitationId" in params:
        return params
    return {**params, "elicitationId": encode_raw(uuid4().hex)}


def _request(raw: Raw) -> tuple[str, Params]:
    fields = decode_object(raw)
    return decode_string(fields["method"]), decode_object(fields.get("params", b"{}"))
