"""Calls across eras: a page that must be visited first, and what a legacy backend is not told."""

from __future__ import annotations

import json

import pytest
from trio.testing import MockClock

from argus_trio.core.call.abilities import Abilities
from argus_trio.errors import BackendError
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, Refusal
from tests.backends.support.supervised import Supervised, named, supervised

BY_URL = Abilities(url=True)
PAGE: Json = {"mode": "url", "elicitationId": "e1", "url": "https://x/1", "message": "Go there."}


async def require_a_visit(_params: Json) -> Json:
    raise Refusal(-32042, "go first", {"elicitations": [PAGE]})


def gated(era: Era = Era.LEGACY) -> FakeBackend:
    return FakeBackend(era=era, tools=named("x"), answers={"tools/call": require_a_visit})


async def call(h: Supervised, *, era: Era = Era.MODERN, abilities: Abilities = BY_URL, **params: object) -> Json:
    exchange = FakeExchange("tools/call", {"name": "a__x", **params}, era=era, abilities=abilities)
    answer: Json = json.loads(await h.supervisor.generations.serve(exchange))
    return answer


async def test_a_modern_client_is_asked_to_visit_the_page_and_calls_again(autojump_clock: MockClock) -> None:
    backend = gated()
    async with supervised({"a": backend}) as h:
        asked = await call(h)
        assert asked["resultType"] == "input_required"
        backend.answers.clear()
        again = await call(h, inputResponses={"url-elicitation-1": {"action": "accept"}}, requestState="s")
    assert again["params"] == {"name": "x"}


@pytest.mark.parametrize(
    ("backend_era", "era", "abilities"),
    [
        (Era.LEGACY, Era.LEGACY, BY_URL),
        (Era.LEGACY, Era.MODERN, Abilities(form=True)),
        (Era.MODERN, Era.MODERN, BY_URL),
    ],
)
async def test_to_any_other_client_the_error_passes(
    backend_era: Era, era: Era, abilities: Abilities, autojump_clock: MockClock
) -> None:
    async with supervised({"a": gated(backend_era)}) as h:
        with pytest.raises(BackendError) as caught:
            await call(h, era=era, abilities=abilities)
    assert json.loads(caught.value.encoded)["data"] == {"elicitations": [PAGE]}


async def test_a_user_who_declined_gets_the_error(autojump_clock: MockClock) -> None:
    async with supervised({"a": gated()}) as h:
        with pytest.raises(BackendError):
            await call(h, inputResponses={"url-elicitation-1": {"action": "decline"}})


async def test_a_modern_backend_gets_a_retry_as_it_is(autojump_clock: MockClock) -> None:
    async with supervised({"a": FakeBackend(era=Era.MODERN, tools=named("x"))}) as h:
        told = (await call(h, inputResponses={"k": {}}, requestState="s"))["params"]
    assert isinstance(told, dict)
    assert (told["inputResponses"], told["requestState"]) == ({"k": {}}, "s")


async def test_reading_a_resource_can_require_a_visit_too(autojump_clock: MockClock) -> None:
    backend = FakeBackend(resources=[{"uri": "u://1", "name": "u"}], answers={"resources/read": require_a_visit})
    async with supervised({"a": backend}) as h:
        exchange = FakeExchange("resources/read", {"uri": "u://1"}, era=Era.MODERN, abilities=BY_URL)
        assert json.loads(await h.supervisor.generations.serve(exchange))["resultType"] == "input_required"
