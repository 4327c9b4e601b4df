"""What a modern request hears, and what it cannot be asked."""

from __future__ import annotations

import json

import pytest

from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import Call
from argus_trio.errors import ClientCannotAnswer
from argus_trio.frontend.input_required.exchange import AskingRequest, PlainExchange
from argus_trio.wire.envelope import Params, Raw, encode_raw
from argus_trio.wire.revisions import Era


async def heard(method: str, params: Params, *, token: bytes | None = None, level: str | None = None) -> list[object]:
    """The params that arrive at a request with this token and level."""
    messages: list[object] = []

    async def send(message: bytes) -> None:
        messages.append(json.loads(message)["params"])

    await AskingRequest(send, None if token is None else Raw(token), level).tell(method, params)
    return messages


async def test_progress_comes_under_the_requests_own_token_or_not_at_all() -> None:
    params = {"progressToken": Raw(b"1"), "progress": Raw(b"0.50")}
    assert await heard("notifications/progress", params) == []
    assert await heard("notifications/progress", params, token=b'"x"') == [{"progressToken": "x", "progress": 0.5}]


@pytest.mark.parametrize(
    ("level", "asked", "is_heard"),
    [
        ('"info"', None, False),
        ('"info"', "info", True),
        ('"error"', "info", True),
        ('"debug"', "info", False),
        ('"odd"', "emergency", True),
        ("7", "info", True),
        ("7", None, False),
    ],
)
async def test_log_messages_come_from_the_level_on_that_was_asked_for(
    level: str, asked: str | None, is_heard: bool
) -> None:
    assert bool(await heard("notifications/message", {"level": Raw(level.encode())}, level=asked)) is is_heard


async def test_everything_else_comes() -> None:
    assert await heard("notifications/x", {"a": Raw(b"1")}) == [{"a": 1}]


@pytest.mark.parametrize(
    ("method", "params", "required"),
    [
        ("elicitation/create", {}, {"elicitation": {"form": {}}}),
        ("elicitation/create", {"mode": encode_raw("url")}, {"elicitation": {"url": {}}}),
        ("sampling/createMessage", {}, {"sampling": {}}),
        ("sampling/createMessage", {"tools": encode_raw([])}, {"sampling": {"tools": {}}}),
        ("roots/list", {}, {"roots": {}}),
        ("odd", {}, {}),
    ],
)
async def test_an_ask_tells_what_should_have_been_declared(
    method: str, params: Params, required: dict[str, object]
) -> None:
    async def drop(_: bytes) -> None:
        """Nobody hears it."""

    def exchange(abilities: Abilities) -> PlainExchange:
        call = Call(method="tools/call", params={}, era=Era.MODERN, revision="2026-07-28", abilities=abilities)
        return PlainExchange(call, AskingRequest(drop, None, None))

    with pytest.raises(ClientCannotAnswer) as unable:
        await exchange(NONE).ask(method, params)
    assert unable.value.required == required
    able = Abilities(form=True, url=True, sampling=True, sampling_tools=True, roots=True)
    if method != "odd":
        with pytest.raises(ClientCannotAnswer, match="no way to ask") as possible:
            await exchange(able).ask(method, params)
        assert possible.value.required == {}
