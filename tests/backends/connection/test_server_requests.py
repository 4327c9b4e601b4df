"""What a backend asks: only of the client whose call it belongs to, only what that client declared."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.server_requests import ASK_LIMIT_SECONDS, MAX_OPEN
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, Refusal
from tests.backends.support.talk import AnsweringSession, Talk, perform, talk

CAN = Abilities(form=True, roots=True)


def asking(method: str, answers: list[Json], params: Json | None = None) -> FakeBackend:
    async def call(_params: Json) -> Json:
        answers.append(await backend.links[-1].ask(method, params))
        return {}

    backend = FakeBackend(answers={"tools/call": call})
    return backend


def client(abilities: Abilities = CAN, answer: Json | Refusal | None = None, seconds: float = 0) -> FakeExchange:
    async def respond(_params: Json) -> Json:
        await trio.sleep(seconds)
        if isinstance(answer, Refusal):
            raise answer
        return answer or {}

    return FakeExchange("tools/call", {"name": "x"}, abilities=abilities, answer=respond)


async def test_the_client_of_the_call_is_asked_and_its_answer_comes_back(autojump_clock: MockClock) -> None:
    answers: list[Json] = []
    async with talk(asking("elicitation/create", answers, {"message": "who?"}), is_exclusive=True) as t:
        exchange = client(answer={"action": "accept", "content": {"n": 1}})
        await perform(t, exchange)
    assert exchange.asked == [("elicitation/create", {"message": "who?"})]
    assert answers[0]["result"] == {"action": "accept", "content": {"n": 1}}


async def test_a_refusal_of_the_client_passes_as_it_was_said(autojump_clock: MockClock) -> None:
    answers: list[Json] = []
    async with talk(asking("roots/list", answers), is_exclusive=True) as t:
        await perform(t, client(answer=Refusal(-1, "user said no")))
    assert answers[0]["error"] == {"code": -1, "message": "user said no"}


@pytest.mark.parametrize("method", ["sampling/createMessage", "elicitation/create", "tools/call", "made/up"])
async def test_what_was_not_declared_is_never_asked(method: str, autojump_clock: MockClock) -> None:
    answers: list[Json] = []
    async with talk(asking(method, answers, {"mode": "url"}), is_exclusive=True) as t:
        exchange = client()
        await perform(t, exchange)
    assert exchange.asked == []
    assert answers[0]["error"]["code"] == -32601  # type: ignore[index]  # an error object


async def test_on_a_shared_connection_nobody_is_asked(autojump_clock: MockClock) -> None:
    answers: list[Json] = []
    async with talk(asking("roots/list", answers)) as t:
        exchange = client()
        await perform(t, exchange)
    assert exchange.asked == []
    assert "error" in answers[0]


async def test_an_ask_on_a_calls_own_stream_is_that_calls_even_on_a_shared_connection(
    autojump_clock: MockClock,
) -> None:
    async def call(_params: Json) -> Json:
        await backend.links[-1].ask("roots/list", within=5)
        return {}

    async def wait(_params: Json) -> Json:
        await trio.sleep(1)
        return {}

    backend = FakeBackend(answers={"tools/call": call, "prompts/get": wait})
    async with talk(backend) as t:
        other, asked = FakeExchange("prompts/get", abilities=CAN), client()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(perform, t, other)
            await wait_all_tasks_blocked()
            nursery.start_soon(perform, t, asked)
    assert (len(other.asked), len(asked.asked)) == (0, 1)


async def test_the_clock_of_a_call_stands_still_while_its_client_is_asked(autojump_clock: MockClock) -> None:
    answers: list[Json] = []
    async with talk(asking("roots/list", answers), is_exclusive=True) as t:
        began = trio.current_time()
        await perform(t, client(seconds=300))
        assert trio.current_time() - began == pytest.approx(300)
    assert "result" in answers[0]


async def test_a_client_that_never_answers_is_given_up_after_the_limit(autojump_clock: MockClock) -> None:
    answers: list[Json] = []
    async with talk(asking("roots/list", answers), is_exclusive=True) as t:
        await perform(t, client(seconds=10 * ASK_LIMIT_SECONDS))
        assert trio.current_time() == pytest.approx(ASK_LIMIT_SECONDS)
    assert "did not answer" in answers[0]["error"]["message"]  # type: ignore[index]  # an error object


async def test_an_ask_ends_with_its_call(autojump_clock: MockClock) -> None:
    answers: list[Json] = []
    async with talk(asking("roots/list", answers), is_exclusive=True) as t:
        with trio.move_on_after(1):
            await perform(t, client(seconds=100))
        await wait_all_tasks_blocked()
        assert answers == []
        assert trio.current_time() == pytest.approx(1)


async def test_a_backend_can_withdraw_what_it_asked(autojump_clock: MockClock) -> None:
    async def call(_params: Json) -> Json:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(backend.links[-1].ask, "roots/list")
            await trio.sleep(1)
            await backend.links[-1].says("notifications/cancelled", {"requestId": "ask-1"})
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
        return {}

    backend = FakeBackend(answers={"tools/call": call})
    async with talk(backend, is_exclusive=True) as t:
        exchange = client(seconds=100)
        await perform(t, exchange)
        assert t.link.sent[1:] == []
        assert trio.current_time() == pytest.approx(2)


async def test_what_belongs_to_no_call_goes_to_the_session_that_the_connection_is_of(
    autojump_clock: MockClock,
) -> None:
    session = AnsweringSession()
    async with talk(FakeBackend(), is_exclusive=True, client=session) as t:
        assert (await t.link.ask("roots/list"))["result"] == {"from": "the session"}
        assert "error" in await t.link.ask("made/up")
        await t.link.says("notifications/message", {"level": "info", "data": 1})
        await wait_all_tasks_blocked()
        assert session.told == ["notifications/message"]
        session.log_level = "error"
        await t.link.says("notifications/message", {"level": "warning", "data": 1})
        await t.link.says("notifications/message", {"level": "alert", "data": 1})
        await wait_all_tasks_blocked()
        assert len(session.told) == 2


async def test_open_asks_are_bounded(autojump_clock: MockClock) -> None:
    async def flood(_params: Json) -> Json:
        async with trio.open_nursery() as nursery:
            for _ in range(MAX_OPEN + 5):
                nursery.start_soon(note)
        return {}

    async def note() -> None:
        answers.append(await backend.links[-1].ask("roots/list"))

    answers: list[Json] = []
    backend = FakeBackend(answers={"tools/call": flood})
    async with talk(backend, is_exclusive=True) as t:
        await perform(t, client(seconds=5))
    assert sum("error" in answer for answer in answers) == 5


def test_a_client_without_abilities_declares_nothing() -> None:
    assert NONE.declared() == {}


async def log_messages(t: Talk, exchange: FakeExchange) -> list[object]:
    await perform(t, exchange)
    return [params["data"] for method, params in exchange.told if method == "notifications/message"]


@pytest.mark.parametrize(
    ("era", "asked", "heard"),
    [
        (Era.LEGACY, None, ["debug", "warning", "alert"]),
        (Era.MODERN, None, []),
        (Era.LEGACY, "warning", ["warning", "alert"]),
        (Era.MODERN, "debug", ["debug", "warning", "alert"]),
    ],
)
async def test_log_messages_come_at_the_level_that_the_client_asked_for(
    era: Era, asked: str | None, heard: list[str], autojump_clock: MockClock
) -> None:
    async def call(_params: Json) -> Json:
        for level in ("debug", "warning", "alert"):
            await backend.links[-1].says("notifications/message", {"level": level, "data": level})
        return {}

    backend = FakeBackend(declares={"logging": {}}, answers={"tools/call": call})
    async with talk(backend, is_exclusive=True) as t:
        exchange = client()
        exchange.era, exchange.log_level = era, asked
        assert await log_messages(t, exchange) == heard
    told = [params["level"] for method, params in backend.seen if method == "logging/setLevel"]
    assert told == ([] if asked is None else [asked])


async def test_a_shared_connections_log_messages_reach_nobody_they_cannot_be_proven_to_be_for(
    autojump_clock: MockClock,
) -> None:
    async def call(_params: Json) -> Json:
        await backend.links[-1].says("notifications/message", {"level": "alert", "data": 1})
        return {}

    backend = FakeBackend(declares={"logging": {}}, answers={"tools/call": call})
    async with talk(backend) as t:
        exchange = client()
        exchange.log_level = "debug"
        assert await log_messages(t, exchange) == []
