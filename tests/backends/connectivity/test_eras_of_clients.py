"""Which era a backend of both eras is spoken to in: the way the client opens decides, and what the backend can do."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from argus_trio.backends.routing.era_translation import call_in_backend_era
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.backend import ProtocolSetting
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import ClientSession
from argus_trio.errors import BackendError
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import Answer, FakeBackend, FakeExchange, Json, Refusal, answering, raw
from tests.backends.support.scopes import Session, living, spec

FORM = Abilities(form=True)
WORDS = "Cannot send 'elicitation/create': this transport context has no back-channel for server-initiated requests."


def of_both_eras() -> FakeBackend:
    """Whoever is greeted as legacy is asked over the connection; in the modern era its call fails."""
    legacy: set[object] = set()

    async def greet(_params: Json) -> Json:
        legacy.add(answering.get())
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}}

    async def call(_params: Json) -> Json:
        if answering.get() not in legacy:
            raise Refusal(-32600, WORDS)
        return {"told": (await answering.get().ask("elicitation/create", {"message": "?"}))["result"]}

    return FakeBackend(era=Era.MODERN, tools=[{"name": "x"}], answers={"initialize": greet, "tools/call": call})


async def call(scope: Scope, client: ClientSession | None, abilities: Abilities = FORM) -> FakeExchange:
    async def answer(_params: Json) -> Json:
        return {"action": "accept"}

    era = Era.MODERN if client is None else Era.LEGACY
    exchange = FakeExchange("tools/call", {"name": "x"}, era=era, abilities=abilities, client=client, answer=answer)
    await call_in_backend_era(scope, exchange, raw(exchange.params))
    return exchange


def greeted(backend: FakeBackend) -> list[str]:
    return [method for method, _ in backend.seen if method in ("initialize", "server/discover")]


def says_why(error: BackendError) -> bool:
    return b"no back-channel" in error.encoded


async def test_a_legacy_client_that_can_be_asked_opens_as_legacy_and_is_asked(autojump_clock: MockClock) -> None:
    backend = of_both_eras()
    async with living(backend) as scope:
        exchange = await call(scope, Session())
    assert [method for method, _ in exchange.asked] == ["elicitation/create"]
    assert greeted(backend) == ["server/discover", "initialize"]


@pytest.mark.parametrize(("client", "abilities"), [(Session(), NONE), (None, NONE), (None, FORM)])
async def test_everybody_else_shares_the_modern_connection(
    client: Session | None, abilities: Abilities, autojump_clock: MockClock
) -> None:
    backend = of_both_eras()
    async with living(backend) as scope:
        with pytest.raises(BackendError, check=says_why):
            await call(scope, client, abilities)
    assert greeted(backend) == ["server/discover"]


async def test_where_the_backend_cannot_ask_that_call_fails_and_later_ones_are_legacy(
    autojump_clock: MockClock,
) -> None:
    backend = of_both_eras()
    async with living(backend) as scope:
        with capture_logs() as logs:
            with pytest.raises(BackendError, check=says_why):
                await call(scope, None)
            for _ in range(2):
                assert len((await call(scope, None)).asked) == 1
        told = [line for line in logs if line["event"] == "backend_asked_as_legacy"]
        assert len(told) == 1
        assert "no back-channel" in told[0]["reason"]
        assert greeted(backend) == ["server/discover", "initialize"]
        with pytest.raises(BackendError):
            await call(scope, None, NONE)


async def test_a_failed_tool_says_it_just_as_well(autojump_clock: MockClock) -> None:
    backend = of_both_eras()
    perform = backend.answers["tools/call"]

    async def fail(params: Json) -> Json:
        try:
            return await perform(params)
        except Refusal as refusal:
            return {"content": [{"type": "text", "text": str(refusal)}], "isError": True}

    backend.answers["tools/call"] = fail
    async with living(backend) as scope:
        assert (await call(scope, None)).asked == []
        assert len((await call(scope, None)).asked) == 1


async def test_a_backend_that_is_modern_alone_is_tried_once_and_shared_again(autojump_clock: MockClock) -> None:
    backend = FakeBackend(era=Era.MODERN, tools=[{"name": "x"}])
    async with living(backend) as scope:
        for _ in range(3):
            await call(scope, Session())
        assert greeted(backend) == ["server/discover", "initialize", "server/discover"]
        await trio.sleep(100)
        assert sum(link.is_open for link in backend.links) == 1


async def test_the_call_that_finds_a_backend_modern_alone_is_performed_where_later_ones_are(
    autojump_clock: MockClock,
) -> None:
    where: list[object] = []

    async def perform(_params: Json) -> Json:
        where.append(answering.get())
        return {"content": []}

    backend = FakeBackend(era=Era.MODERN, tools=[{"name": "x"}], answers={"tools/call": perform})
    async with living(backend) as scope:
        session = Session()
        for _ in range(2):
            await call(scope, session)
        await trio.sleep(1)
        assert sum(link.is_open for link in backend.links) == 1, "what was opened in vain is closed at once"
    assert where[0] is where[1]


async def test_a_server_that_settles_on_an_era_by_the_first_question_is_opened_anew(autojump_clock: MockClock) -> None:
    settled: set[object] = set()

    async def refuse(_params: Json) -> Json:
        settled.add(answering.get())
        raise Refusal(-32601, "no initialize")

    async def discover(_params: Json) -> Json:
        if answering.get() in settled:
            raise Refusal(-32600, "this connection serves the handshake era")
        return {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}

    answers: dict[str, Answer] = {"initialize": refuse, "server/discover": discover}
    backend = FakeBackend(era=Era.MODERN, tools=[{"name": "x"}], answers=answers)
    async with living(backend) as scope:
        for _ in range(2):
            await call(scope, Session())
    assert greeted(backend) == ["server/discover", "initialize", "server/discover"]


@pytest.mark.parametrize(("protocol", "session"), [("modern", "auto"), ("auto", "shared")])
async def test_what_is_pinned_or_shared_stays_so(
    protocol: ProtocolSetting, session: str, autojump_clock: MockClock
) -> None:
    backend = of_both_eras()
    async with living(backend, spec(protocol=protocol, session=session)) as scope:
        for client in (Session(), None, None):
            with pytest.raises(BackendError, check=says_why):
                await call(scope, client)
        assert greeted(backend) == ["server/discover"]
