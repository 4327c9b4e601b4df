"""Rounds: a modern backend's input_required towards clients of both eras."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from trio.testing import MockClock

from argus_trio.backends.connection.input_required import MAX_ROUNDS
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.errors import BackendError, BackendMisbehaved, ClientCannotAnswer
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import Answer, FakeBackend, FakeExchange, Json, Refusal
from tests.backends.support.talk import perform, talk

CAN = Abilities(form=True, roots=True)
WHO: Json = {"method": "elicitation/create", "params": {"message": "who?"}}
ROOTS: Json = {"method": "roots/list"}


def backend_asking(*rounds: Json) -> FakeBackend:
    """A modern backend that answers with each of `rounds` in turn, and then with what it was told."""
    left = list(rounds)

    async def call(params: Json) -> Json:
        return left.pop(0) if left else {"resultType": "complete", "told": params.get("inputResponses")}

    return FakeBackend(era=Era.MODERN, answers={"tools/call": call})


def required(state: str | None = None, **asks: Json) -> Json:
    result: Json = {"resultType": "input_required", "inputRequests": asks}
    return result if state is None else {**result, "requestState": state}


def legacy_client(answer: Answer, abilities: Abilities = CAN) -> FakeExchange:
    return FakeExchange("tools/call", {"name": "x", "arguments": {"a": 1}}, abilities=abilities, answer=answer)


async def agree(params: Json) -> Json:
    return {"action": "accept", "asked": params}


async def test_a_legacy_client_is_asked_everything_and_the_call_retried_with_its_answers(
    autojump_clock: MockClock,
) -> None:
    backend = backend_asking(required("s1", who=WHO, where=ROOTS))
    async with talk(backend) as t:
        exchange = legacy_client(agree)
        result = json.loads(await perform(t, exchange))
    assert sorted(method for method, _ in exchange.asked) == ["elicitation/create", "roots/list"]
    assert result["told"]["who"] == {"action": "accept", "asked": {"message": "who?"}}
    first, second = [params for method, params in backend.seen if method == "tools/call"]
    assert "requestState" not in first
    assert (second["requestState"], second["arguments"], second["name"]) == ("s1", {"a": 1}, "x")


async def test_a_legacy_client_is_given_the_id_that_its_revision_wants_of_an_elicitation_by_url(
    autojump_clock: MockClock,
) -> None:
    go: Json = {"method": "elicitation/create", "params": {"mode": "url", "message": "go", "url": "https://x.example"}}
    async with talk(backend_asking(required("s", go=go, who=WHO))) as t:
        exchange = legacy_client(agree, Abilities(form=True, url=True))
        await perform(t, exchange)
    by_url, by_form = sorted((params for _, params in exchange.asked), key=len, reverse=True)
    assert by_url["url"] == "https://x.example"
    assert by_url["elicitationId"]
    assert "elicitationId" not in by_form


async def test_a_round_may_ask_for_nothing_but_to_be_called_again(autojump_clock: MockClock) -> None:
    backend = backend_asking({"resultType": "input_required", "requestState": "later"}, required("s2", who=WHO))
    async with talk(backend) as t:
        await perform(t, legacy_client(agree))
    states = [params.get("requestState") for method, params in backend.seen if method == "tools/call"]
    assert states == [None, "later", "s2"]
    assert "inputResponses" not in backend.seen[-2][1]


async def test_a_backend_that_never_has_enough_is_ended(autojump_clock: MockClock) -> None:
    async with talk(backend_asking(*[required("s", who=WHO)] * (MAX_ROUNDS + 1))) as t:
        with pytest.raises(BackendMisbehaved, match=str(MAX_ROUNDS)):
            await perform(t, legacy_client(agree))


async def test_a_refusal_of_a_legacy_client_ends_the_call_with_its_own_error(autojump_clock: MockClock) -> None:
    async def refuse(_params: Json) -> Json:
        raise Refusal(-1, "user said no")

    async with talk(backend_asking(required("s", who=WHO))) as t:
        with pytest.raises(BackendError) as caught:
            await perform(t, legacy_client(refuse))
    assert json.loads(caught.value.encoded)["message"] == "user said no"


async def test_a_client_that_does_not_answer_is_no_misbehaviour_of_the_backend(autojump_clock: MockClock) -> None:
    async def silent(_params: Json) -> Json:
        raise ClientCannotAnswer("elicitation/create", "it did not answer within 600 s")

    async with talk(backend_asking(required("s", who=WHO, what=WHO))) as t:
        with pytest.raises(ClientCannotAnswer, match="did not answer"):
            await perform(t, legacy_client(silent))


@pytest.mark.parametrize("era", list(Era))
@pytest.mark.parametrize("abilities", [NONE, Abilities(roots=True)])
async def test_what_a_client_did_not_declare_is_never_asked(
    era: Era, abilities: Abilities, autojump_clock: MockClock
) -> None:
    async with talk(backend_asking(required("s", who=WHO))) as t:
        exchange = FakeExchange("tools/call", {}, era=era, abilities=abilities, answer=agree)
        with pytest.raises(BackendMisbehaved, match="did not declare"):
            await perform(t, exchange)
    assert exchange.asked == []


@pytest.mark.parametrize("era", list(Era))
@pytest.mark.parametrize("word", [b"input_required", b"resultType"])
async def test_what_a_client_did_not_declare_is_not_asked_in_any_spelling(
    era: Era, word: bytes, autojump_clock: MockClock
) -> None:
    backend = backend_asking(required("s", who=WHO))
    backend.spell = lambda said: said.replace(word, b"\\u%04x" % word[0] + word[1:])
    async with talk(backend) as t:
        exchange = FakeExchange("tools/call", {}, era=era, answer=agree)
        with pytest.raises(BackendMisbehaved, match="did not declare"):
            await perform(t, exchange)
    assert exchange.asked == []


@pytest.mark.parametrize("spell", [bytes, lambda said: said.replace(b"put_required", b"put\\u005frequired")])
async def test_a_legacy_backend_asks_a_modern_client_nothing_by_its_result(
    spell: Callable[[bytes], bytes], autojump_clock: MockClock
) -> None:
    backend = backend_asking({**required("s", who=WHO), "content": []})
    backend.era, backend.spell = Era.LEGACY, spell
    async with talk(backend) as t:
        exchange = FakeExchange("tools/call", {}, era=Era.MODERN, abilities=CAN, answer=agree)
        result = json.loads(await perform(t, exchange))
    assert "resultType" not in result
    assert result["content"] == []


async def test_a_modern_client_gets_the_round_as_the_backend_said_it(autojump_clock: MockClock) -> None:
    asked = required("s", who=WHO)
    async with talk(backend_asking(asked)) as t:
        exchange = FakeExchange("tools/call", {"name": "x"}, era=Era.MODERN, abilities=CAN, answer=agree)
        assert json.loads(await perform(t, exchange)) == asked
    assert exchange.asked == []


@pytest.mark.parametrize(
    "result",
    [
        {"resultType": "input_required", "inputRequests": []},
        {"resultType": "input_required", "inputRequests": {"a": {"params": {}}}},
        {"resultType": "input_required", "inputRequests": {"a": 7}},
    ],
)
async def test_a_malformed_round_is_misbehaviour(result: Json, autojump_clock: MockClock) -> None:
    async with talk(backend_asking(result)) as t:
        with pytest.raises(BackendMisbehaved):
            await perform(t, legacy_client(agree))


async def test_a_result_that_only_speaks_of_input_required_is_a_result(autojump_clock: MockClock) -> None:
    text: Json = {"content": [{"type": "text", "text": "input_required"}], "x": "input_required"}
    async with talk(backend_asking(text)) as t:
        assert json.loads(await perform(t, legacy_client(agree))) == text


async def test_a_modern_backend_is_told_exactly_what_the_client_of_the_call_can_do(autojump_clock: MockClock) -> None:
    backend = backend_asking()
    async with talk(backend) as t:
        await perform(t, legacy_client(agree))
        plain = FakeExchange("tools/call", {"name": "x"}, log_level="notice")
        await perform(t, plain)
    metas = [params["_meta"] for method, params in backend.seen if method == "tools/call"]
    told = [meta["io.modelcontextprotocol/clientCapabilities"] for meta in metas]  # type: ignore[index]
    assert told == [{"elicitation": {"form": {}}, "roots": {}}, {}]
    assert metas[1]["io.modelcontextprotocol/logLevel"] == "notice"  # type: ignore[index]


async def test_null_for_absent_asks_nothing_and_has_no_state(autojump_clock: MockClock) -> None:
    asking: Json = {"resultType": "input_required", "inputRequests": {"where": {**ROOTS, "params": None}}}
    nothing: Json = {"resultType": "input_required", "inputRequests": None, "requestState": None}
    backend = backend_asking({**asking, "requestState": None}, nothing)
    async with talk(backend) as t:
        exchange = legacy_client(agree)
        assert json.loads(await perform(t, exchange))["resultType"] == "complete"
    assert exchange.asked == [("roots/list", {})]
    assert all("requestState" not in params for method, params in backend.seen if method == "tools/call")
