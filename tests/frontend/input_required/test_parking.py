"""Rounds of asking through real sockets: parked calls, and requests for input that are passed on."""

from __future__ import annotations

import json

import pytest
import trio
import trio.testing

from argus_trio.config.model.server import Server
from argus_trio.core.call.exchange import Exchange
from tests.frontend.support.rounds import (
    ACCEPTED,
    ROOTS,
    SAMPLED,
    Asker,
    asked_in,
    call_tool,
    calling,
    result_of,
    said,
    said_in,
)
from tests.frontend.support.serving import META, connected, events_in, modern_headers, post, rpc, serving


async def test_an_ask_goes_out_as_the_answer_and_comes_back_with_the_retry() -> None:
    asker = Asker()
    async with serving(handler=asker.handle) as served:
        first = await call_tool(served, "once")
        requests, state = asked_in(first)
        assert requests == {
            "ask-1": {
                "method": "elicitation/create",
                "params": {"message": "who?", "requestedSchema": {"type": "object", "properties": {}}},
            }
        }
        stamp = result_of(first)["_meta"]
        assert isinstance(stamp, dict)
        assert "io.modelcontextprotocol/serverInfo" in stamp
        second = await call_tool(served, "once", 2, inputResponses={"ask-1": ACCEPTED}, requestState=state)
        assert second.json["id"] == 2
        assert json.loads(said_in(second)) == ACCEPTED
        assert len(asker.calls) == 1
        assert asker.calls[0].call.abilities.url


async def test_what_is_asked_at_once_goes_out_together() -> None:
    async with serving(handler=Asker().handle) as served:
        requests, state = asked_in(await call_tool(served, "at_once"))
        keys = {request["method"]: key for key, request in requests.items()}
        assert len(keys) == 3
        assert requests[keys["roots/list"]] == {"method": "roots/list"}
        answers = {
            keys["elicitation/create"]: ACCEPTED,
            keys["sampling/createMessage"]: SAMPLED,
            keys["roots/list"]: ROOTS,
            "unknown": {},
        }
        last = await call_tool(served, "at_once", 2, inputResponses=answers, requestState=state)
        assert said_in(last) == " ".join(json.dumps(each, separators=(",", ":")) for each in (ACCEPTED, ROOTS, SAMPLED))


async def test_a_call_asks_again_and_again() -> None:
    async with serving(handler=Asker().handle) as served:
        first, state = asked_in(await call_tool(served, "in_turn"))
        answers: dict[str, object] = {"ask-1": {"action": "decline"}}
        second, later = asked_in(await call_tool(served, "in_turn", 2, inputResponses=answers, requestState=state))
        assert (list(first), list(second)) == (["ask-1"], ["ask-2"])
        last = await call_tool(served, "in_turn", 3, inputResponses={"ask-2": ROOTS}, requestState=later)
        assert said_in(last).startswith('{"action":"decline"}{"roots"')


async def test_what_is_not_answered_is_asked_again() -> None:
    async with serving(handler=Asker().handle) as served:
        first, state = asked_in(await call_tool(served, "at_once"))
        kept = [key for key, request in first.items() if request["method"] == "roots/list"]
        answers = {
            key: ACCEPTED if request["method"] == "elicitation/create" else SAMPLED
            for key, request in first.items()
            if key not in kept
        }
        second, state = asked_in(await call_tool(served, "at_once", 2, inputResponses=answers, requestState=state))
        assert list(second) == kept
        third, state = asked_in(await call_tool(served, "at_once", 3, requestState=state))
        assert third == second
        last = await call_tool(served, "at_once", 4, inputResponses={kept[0]: ROOTS}, requestState=state)
        assert "file:///a" in said_in(last)


@pytest.mark.parametrize(
    "answer", [{"code": -1, "message": "no"}, {"error": {"code": -1, "message": "no"}}], ids=["bare", "wrapped"]
)
async def test_an_error_in_place_of_an_answer_is_a_refusal(answer: dict[str, object]) -> None:
    async with serving(handler=Asker().handle) as served:
        _, state = asked_in(await call_tool(served, "once"))
        last = await call_tool(served, "once", 2, inputResponses={"ask-1": answer}, requestState=state)
        assert said_in(last) == 'refused: {"code":-1,"message":"no"}'


@pytest.mark.parametrize("answers", [{"ask-1": {"content": {}}}, {"ask-1": 7}, {"ask-1": {"code": 1}}, [], "x"])
async def test_a_malformed_answer_is_refused_and_may_be_mended(answers: object) -> None:
    async with serving(handler=Asker().handle) as served:
        _, state = asked_in(await call_tool(served, "once"))
        wrong = await call_tool(served, "once", 2, inputResponses=answers, requestState=state)
        assert (wrong.status, wrong.error[0]) == (400, -32602)
        right = await call_tool(served, "once", 3, inputResponses={"ask-1": ACCEPTED}, requestState=state)
        assert json.loads(said_in(right)) == ACCEPTED


async def test_what_was_not_declared_is_not_asked() -> None:
    async with serving(handler=Asker().handle) as served:
        declared: tuple[dict[str, object], ...] = ({}, {"roots": {}})
        for abilities in declared:
            assert said_in(await call_tool(served, "once", abilities=abilities)) == "cannot: elicitation/create"
        answer = await call_tool(served, "must", abilities={"elicitation": {"form": {}}})
        assert (answer.status, answer.error[0]) == (400, -32021)
        error = answer.json["error"]
        assert isinstance(error, dict)
        assert error["data"] == {"requiredCapabilities": {"elicitation": {"url": {}}}}


async def test_a_client_that_comes_back_with_less_is_not_asked_again() -> None:
    async with serving(handler=Asker().handle) as served:
        _, state = asked_in(await call_tool(served, "once"))
        answer = await call_tool(served, "once", 2, abilities={"roots": {}}, requestState=state)
        assert said_in(answer) == "cannot: elicitation/create"


async def test_what_a_client_declares_no_more_is_not_asked_either() -> None:
    async with serving(handler=Asker().handle) as served:
        _, state = asked_in(await call_tool(served, "in_turn"))
        answers = {"ask-1": ACCEPTED}
        answer = await call_tool(
            served, "in_turn", 2, abilities={"elicitation": {}}, inputResponses=answers, requestState=state
        )
        assert (answer.status, answer.error[0]) == (400, -32021)


async def test_only_three_methods_can_ask() -> None:
    async with serving(handler=Asker().handle) as served:
        meta = {**META, "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
        answer = await post(served, rpc("completion/complete", {"_meta": meta}), modern_headers("completion/complete"))
        assert said_in(answer) == "cannot: elicitation/create"


async def test_a_state_is_good_once() -> None:
    async with serving(handler=Asker().handle) as served:
        _, state = asked_in(await call_tool(served, "once"))
        answers = {"ask-1": ACCEPTED}
        assert said_in(await call_tool(served, "once", 2, inputResponses=answers, requestState=state))
        again = await call_tool(served, "once", 3, inputResponses=answers, requestState=state)
        assert (again.status, again.error) == (
            400,
            (-32602, "requestState has been used already, or its call has ended"),
        )


@pytest.mark.parametrize(
    ("change", "said_of_it"),
    [
        ({"arguments": {"other": 1}}, "for other parameters"),
        ({"requestState": 7}, "must be a string"),
        ({"requestState": ""}, "none that this gateway gave out"),
        ({"requestState": "?" * 80}, "none that this gateway gave out"),
        ({"requestState": "A" * 80}, "since it was started"),
    ],
)
async def test_a_state_that_is_not_that_of_the_call_is_refused(change: dict[str, object], said_of_it: str) -> None:
    asker = Asker()
    async with serving(handler=asker.handle) as served:
        _, state = asked_in(await call_tool(served, "once"))
        answer = await call_tool(
            served, "once", 2, **{"inputResponses": {"ask-1": ACCEPTED}, "requestState": state, **change}
        )
        assert (answer.status, answer.error[0]) == (400, -32602)
        assert said_of_it in answer.error[1]
        assert len(asker.calls) == 1
        assert said_in(await call_tool(served, "once", 3, inputResponses={"ask-1": ACCEPTED}, requestState=state))


async def test_a_state_is_good_for_its_own_method_and_gateway_alone() -> None:
    async with serving(handler=Asker().handle) as served:
        _, state = asked_in(await call_tool(served, "once"))
        meta = {**META, "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}
        body = rpc("prompts/get", {"name": "once", "arguments": {}, "requestState": state, "_meta": meta}, 2)
        answer = await post(served, body, modern_headers("prompts/get", "once"))
        assert "was given for tools/call" in answer.error[1]
        async with serving(handler=Asker().handle) as other:
            answer = await call_tool(other, "once", 2, requestState=state)
            assert "since it was started" in answer.error[1]


async def test_the_same_parameters_may_be_spelled_anew() -> None:
    async with serving(handler=Asker().handle) as served:
        _, state = asked_in(await call_tool(served, "once", arguments={"a": 1, "b": ["é"]}))
        again = {"b": ["é"], "a": 1}
        answer = await call_tool(
            served, "once", 2, arguments=again, inputResponses={"ask-1": ACCEPTED}, requestState=state
        )
        assert json.loads(said_in(answer)) == ACCEPTED


async def test_what_is_told_meanwhile_comes_first_under_the_token_and_level_of_the_retry() -> None:
    asker = Asker()
    level = "io.modelcontextprotocol/logLevel"
    async with serving(handler=asker.handle) as served:
        first = await call_tool(served, "talkative", meta={"progressToken": "one", level: "debug"})
        told, asking = events_in(first.body)
        assert told["params"] == {"progressToken": "one", "progress": 1}
        result = asking["result"]
        assert isinstance(result, dict)
        asker.go_on.set()
        await asker.answered.wait()
        second = await call_tool(
            served,
            "talkative",
            2,
            meta={"progressToken": 2, level: "error"},
            inputResponses={"ask-1": ACCEPTED},
            requestState=result["requestState"],
        )
        *told_later, last = events_in(second.body)
        assert [event["params"] for event in told_later] == [
            {"progressToken": 2, "progress": 2},
            {"level": "error", "data": "y"},
            {"progressToken": 2, "progress": 3},
        ]
        assert last["id"] == 2


async def test_a_client_that_goes_while_its_call_runs_cancels_it() -> None:
    asker = Asker()
    async with serving(handler=asker.handle) as served:
        async with connected(served) as client:
            await client.send("POST", "/mcp", modern_headers("tools/call", "wait"), calling("wait"))
            await asker.answered.wait()
        await asker.cancelled.wait()


async def test_a_client_that_goes_after_its_retry_cancels_the_call() -> None:
    asker = Asker()
    async with serving(handler=asker.handle) as served:
        _, state = asked_in(await call_tool(served, "slowly"))
        async with connected(served) as client:
            body = calling("slowly", 2, inputResponses={"ask-1": ACCEPTED}, requestState=state)
            await client.send("POST", "/mcp", modern_headers("tools/call", "slowly"), body)
            await asker.answered.wait()
        await asker.cancelled.wait()


async def test_a_stop_cancels_what_is_parked_at_once() -> None:
    asker = Asker()
    async with serving(handler=asker.handle) as served:
        asked_in(await call_tool(served, "once"))
        began = trio.current_time()
        served.stop.set()
        await served.stopped.wait()
        assert asker.cancelled.is_set()
        assert trio.current_time() - began < 1


async def test_a_stop_answers_who_waits() -> None:
    asker = Asker()
    async with serving(handler=asker.handle, settings=Server(port=0, drain_timeout=0.4)) as served:
        async with connected(served) as client:
            await client.send("POST", "/mcp", modern_headers("tools/call", "wait"), calling("wait"))
            await asker.answered.wait()
            served.stop.set()
            status, _ = await client.head()
            assert (status, b"the gateway is stopping" in await client.part()) == (503, True)
            assert asker.cancelled.is_set()
        await served.stopped.wait()


async def test_who_waits_at_a_stop_still_gets_the_result_but_is_not_asked() -> None:
    asker = Asker()

    async def handle(exchange: Exchange) -> bytes:
        asker.answered.set()
        await asker.go_on.wait()
        return await asker.once(exchange)

    async with serving(handler=handle) as served:
        async with connected(served) as client:
            await client.send("POST", "/mcp", modern_headers("tools/call", "once"), calling("once"))
            await asker.answered.wait()
            served.stop.set()
            await trio.testing.wait_all_tasks_blocked()
            asker.go_on.set()
            await client.head()
            assert b"cannot: elicitation/create" in await client.part()
        await served.stopped.wait()


@pytest.mark.parametrize("abilities", [None, {}], ids=["able", "unable"])
async def test_a_backends_own_request_for_input_passes_with_its_state_sealed(
    abilities: dict[str, object] | None,
) -> None:
    asker = Asker()
    async with serving(handler=asker.handle) as served:
        requests, state = asked_in(await call_tool(served, "stateful", abilities=abilities))
        assert list(requests) == ["q"]
        assert "their" not in state
        for message_id in (2, 3):  # whether it is good once is for the backend to say
            answers = {"q": ACCEPTED}
            last = await call_tool(
                served, "stateful", message_id, abilities=abilities, inputResponses=answers, requestState=state
            )
            assert said_in(last) == '"their\\"s"' + json.dumps(answers, separators=(",", ":"))
        other = await call_tool(served, "stateful", 4, abilities=abilities, arguments={"x": 1}, requestState=state)
        assert other.error[0] == -32602


async def test_a_backend_that_gave_no_state_gets_none() -> None:
    async with serving(handler=Asker().handle) as served:
        requests, state = asked_in(await call_tool(served, "stateless"))
        assert list(requests) == ["q"]
        last = await call_tool(served, "stateless", 2, inputResponses={"q": ROOTS}, requestState=state)
        assert json.loads(said_in(last)) == ["arguments", "inputResponses", "name"]


async def test_a_call_that_asks_nothing_is_answered_as_ever() -> None:
    async with serving(handler=Asker().handle) as served:
        answer = await call_tool(served, "plain")
        assert answer.headers["content-type"] == "application/json"
        assert said_in(answer) == "plain"


async def test_asks_of_a_streamed_answer_end_its_stream() -> None:
    asker = Asker()
    async with serving(handler=asker.handle) as served:
        first = await call_tool(served, "talkative", meta={"progressToken": 1})
        assert first.headers["content-type"] == "text/event-stream"
        asker.go_on.set()
        result = events_in(first.body)[-1]["result"]
        assert isinstance(result, dict)
        last = await call_tool(
            served, "talkative", 2, inputResponses={"ask-1": ACCEPTED}, requestState=result["requestState"]
        )
        assert said(result_of(last)) == "done"
