"""Calls by the management API: what is told of them, asked, answered and cancelled."""

from __future__ import annotations

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.config.model.server import Server
from argus_trio.core.call.exchange import Exchange
from argus_trio.errors import InvalidParams
from argus_trio.frontend.notifications.outbox import CAPACITY_BYTES
from argus_trio.wire.envelope import Params, Raw, encode, encode_raw
from argus_trio.wire.revisions import Era
from tests.frontend.manage.calls.desk import EVENTS, Backstage, desk

FORM: Params = {"message": encode_raw("who?"), "requestedSchema": Raw(b'{"max":1e400}')}
ABLE: dict[str, object] = {"elicitation": {}}
ACCEPT = {"result": {"action": "accept", "content": {"name": "Ada"}}}


@attrs.define(eq=False)
class LargeHolder:
    """Something that cannot go."""

    def spare(self, wanted: int) -> None:
        pass


async def test_a_plain_call_is_made_as_a_legacy_client_makes_it_that_can_be_asked_nothing() -> None:
    backstage = Backstage()
    async with desk(backstage) as front:
        body = b'{"tool":"t","arguments":{"n":123456789012345678901234567890,"f":1.10}}'
        answer = await front.post("/tools/call", body)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert answer.body == b'{"tool":"t","backend":"files","content":[]}'
        await front.post("/resources/read", {"uri": "a:b"})
        await front.post("/prompts/get", {"name": "p", "arguments": {"x": "y"}})
    tool, resource, prompt = backstage.calls
    assert (tool.method, tool.era, tool.principal.name, tool.client) == ("tools/call", Era.LEGACY, "ada", None)
    assert (tool.transport, tool.abilities.has_any, tool.params.get("_meta")) == ("management", False, None)
    assert bytes(tool.params["arguments"]) == b'{"n":123456789012345678901234567890,"f":1.10}'
    assert (resource.method, encode(resource.params)) == ("resources/read", b'{"uri":"a:b"}')
    assert (prompt.method, encode(prompt.params)) == ("prompts/get", b'{"name":"p","arguments":{"x":"y"}}')


async def test_the_client_is_what_its_user_agent_says_first() -> None:
    backstage = Backstage()
    async with desk(backstage) as front:
        await front.begin("/tools/call", {"tool": "t"}, user_agent="curl/8.5.0 (x)").ended.wait()
        await front.begin("/tools/call", {"tool": "t"}, user_agent="").ended.wait()
    assert [call.client_info for call in backstage.calls] == [b'{"name":"curl","version":"8.5.0"}', b""]


@pytest.mark.parametrize(
    ("body", "word", "said"),
    [
        ({}, "bad_request", "tool"),
        ({"tool": 1}, "bad_request", "$.tool"),
        ({"tool": "t", "arguments": []}, "bad_request", "$.arguments"),
        ({"tool": "t", "arguments": None}, "bad_request", "$.arguments"),
        ({"tool": "t", "args": {}}, "bad_request", "'args'"),
        ({"tool": "t" * 9000}, "bad_request", "8192 are the most"),
        ({"tool": "t", "capabilities": {"elicitaton": {}}}, "bad_request", "Accept: text/event-stream"),
        ({"tool": "t", "log_level": "info"}, "bad_request", "Accept: text/event-stream"),
        ({"tool": "t", "endpoint": "none"}, "unknown_view", "view"),
        (b'{"tool":"\\ud800"}', "bad_request", "body"),
        (b'{"tool":"t","arguments":{"x":"\xff"}}', "bad_request", "UTF-8"),
        (b'{"tool":"t","arguments":{"x":' + b"[" * 5000 + b"]" * 5000 + b"}}", "bad_request", "nested"),
        (b'{"tool":"t",', "bad_request", "body"),
        (b"[]", "bad_request", "body"),
    ],
)
async def test_a_body_that_is_none_is_told_what_is_wrong(body: object, word: str, said: str) -> None:
    backstage = Backstage()
    async with desk(backstage) as front:
        answer = await front.post("/tools/call", body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.problem == (404 if word == "unknown_view" else 400, word)
    assert said in str(answer.answer["detail"])
    assert not backstage.calls


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"tool": "t", "capabilities": {"elicitaton": {}}}, "'elicitaton'"),
        ({"tool": "t", "capabilities": {"elicitation": True}}, "capabilities.elicitation must be an object"),
        ({"tool": "t", "log_level": "loud"}, "$.log_level"),
    ],
)
async def test_what_a_stream_cannot_be_begun_with_is_refused_with_its_status(body: object, said: str) -> None:
    async with desk(Backstage()) as front:
        answer = await front.post("/tools/call", body, accept=EVENTS)
    assert answer.problem == (400, "bad_request")
    assert said in str(answer.answer["detail"])


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/json, text/event-stream", "application/json"),
        ("text/event-stream", EVENTS),
        ("text/event-stream, application/json;q=0", EVENTS),
        ("text/html", "application/problem+json"),
    ],
)
async def test_accept_says_which_way_it_is_answered(accept: str, kind: str) -> None:
    async with desk(Backstage()) as front:
        answer = await front.post("/tools/call", {"tool": "t"}, accept=accept)
    assert answer.headers["content-type"] == kind
    assert answer.status == (406 if "problem" in kind else 200)


async def test_a_view_is_called_by_its_name_in_the_body() -> None:
    backstage = Backstage()
    async with desk(backstage) as front:
        await front.post("/tools/call", {"tool": "t", "endpoint": "safe"})
    assert backstage.calls[0].endpoint == "safe"


async def test_a_stream_tells_the_id_first_and_the_result_last() -> None:
    async def tool(exchange: Exchange) -> bytes:
        report: Params = {"progress": Raw(b"1.10"), "total": Raw(b"123456789012345678901"), "progressToken": Raw(b"7")}
        await exchange.notify("notifications/progress", report)
        await exchange.notify("notifications/progress", {"progress": Raw(b'"much"')})
        for level in (b'"info"', b'"error"'):
            message: Params = {"level": Raw(level), "data": Raw(b'{"n":1e400}'), "logger": Raw(b'"l"')}
            await exchange.notify("notifications/message", message)
        await exchange.notify("notifications/elicitation/complete", {"elicitationId": Raw(b'"e"')})
        return b'{"content":[1]}'

    backstage = Backstage(tools={"t": tool})
    async with desk(backstage) as front:
        stream = front.calling(log_level="warning")
        await stream.ended.wait()
        assert (stream.status, stream.headers["content-type"]) == (200, EVENTS)
        assert stream.names == ["exchange", "progress", "log", "notification", "result"]
        assert b'data: {"progress":1.10,"total":123456789012345678901,"message":null}' in stream.body
        assert b'data: {"level":"error","logger":"l","data":{"n":1e400}}' in stream.body
        assert stream.events[-2][1] == {
            "method": "notifications/elicitation/complete",
            "params": {"elicitationId": "e"},
        }
        assert stream.events[-1][1] == {"tool": "t", "backend": "files", "content": [1]}
        assert bytes(backstage.calls[0].params["_meta"]) == b'{"progressToken":"management"}'
        unheard = front.calling()
        await unheard.ended.wait()
        assert unheard.names == ["exchange", "progress", "notification", "result"]
        assert front.memory.size == 0


async def test_an_error_is_the_last_event_and_holds_the_problem() -> None:
    async def tool(_: Exchange) -> bytes:
        raise InvalidParams("no such thing", data={"x": 1})

    async with desk(Backstage(tools={"t": tool})) as front:
        stream = front.calling()
        await stream.ended.wait()
        assert stream.names == ["exchange", "error"]
        error = stream.events[-1][1]
        assert (error["error"], error["status"], error["code"], error["data"]) == ("call_failed", 400, -32602, {"x": 1})
        plain = await front.post("/tools/call", {"tool": "t"})
        assert plain.problem == (400, "call_failed")
        assert plain.answer == error


@pytest.mark.parametrize("accept", ["*/*", EVENTS])
async def test_who_goes_cancels_what_they_called(accept: str) -> None:
    backstage = Backstage()
    backstage.tools["t"] = backstage.wait
    async with desk(backstage) as front:
        asked = front.begin("/tools/call", {"tool": "t"}, accept=accept)
        await wait_all_tasks_blocked()
        await asked.go()
        with trio.fail_after(1):
            await backstage.cancelled.wait()
            await asked.ended.wait()
        assert front.memory.size == 0
        assert not front.parts.calls._under_way
        assert not front.parts.calls._streamed


async def test_a_slow_reader_holds_up_its_own_call_in_bounds(autojump_clock: MockClock) -> None:
    sent = 0

    async def flood(exchange: Exchange) -> bytes:
        nonlocal sent
        for number in range(1000):
            message = encode_raw("x" * 10_000)
            await exchange.notify("notifications/progress", {"progress": encode_raw(number), "message": message})
            sent += 1
        return b"{}"

    async with desk(Backstage(tools={"t": flood})) as front:
        stream = front.begin("/tools/call", {"tool": "t"}, accept=EVENTS, reads=False)
        await trio.sleep(60)
        assert sent * 10_000 <= CAPACITY_BYTES + 20_000
        assert front.memory.size <= CAPACITY_BYTES + 20_000
        stream.reads.set()
        await stream.ended.wait()
        assert stream.names.count("progress") == 1000
        assert front.memory.size == 0


async def test_a_slow_reader_that_goes_leaves_nothing(autojump_clock: MockClock) -> None:
    async def flood(exchange: Exchange) -> bytes:
        while True:
            await exchange.notify("notifications/progress", {"progress": Raw(b"1"), "message": encode_raw("x" * 9999)})

    async with desk(Backstage(tools={"t": flood})) as front:
        stream = front.begin("/tools/call", {"tool": "t"}, accept=EVENTS, reads=False)
        await trio.sleep(60)
        await stream.go()
        with trio.fail_after(5):
            await stream.ended.wait()
        assert front.memory.size == 0


async def test_a_call_of_who_went_at_once_is_not_made() -> None:
    backstage = Backstage()
    async with desk(backstage) as front:
        asked = front.begin("/tools/call", {"tool": "t"}, reads=False)
        await asked.go()
        await asked.ended.wait()
    assert not backstage.calls


@pytest.mark.parametrize("accept", ["*/*", EVENTS])
async def test_a_large_answer_is_accounted_while_it_is_written(autojump_clock: MockClock, accept: str) -> None:
    size = 20 * 1024 * 1024

    async def large(_: Exchange) -> bytes:
        return b'{"content":"%b"}' % (b"x" * size)

    async with desk(Backstage(tools={"t": large})) as front:
        asked = front.begin("/tools/call", {"tool": "t"}, accept=accept, reads=False)
        await trio.sleep(1)
        assert front.memory.size >= 2 * size
        asked.reads.set()
        await asked.ended.wait()
        assert len(asked.body) > size
        assert front.memory.size == 0
    async with desk(Backstage(tools={"t": large}), limit=size) as front:
        asked = await front.post("/tools/call", {"tool": "t"}, accept=accept)
        if accept == EVENTS:
            assert asked.events[-1][0] == "error"
            assert asked.events[-1][1]["error"] == "overloaded"
        else:
            assert (asked.problem, asked.headers["retry-after"]) == ((503, "overloaded"), "5")
        assert front.memory.size == 0


async def test_a_large_body_is_accounted_until_its_answer_and_a_larger_one_refused(autojump_clock: MockClock) -> None:
    size = 3 * 1024 * 1024
    backstage = Backstage()
    async with desk(backstage) as front:
        asked = front.begin("/tools/call", {"tool": "t", "arguments": {"x": "y" * size}}, reads=False)
        await trio.sleep(1)
        assert front.memory.size >= size
        asked.reads.set()
        await asked.ended.wait()
        assert (asked.status, front.memory.size) == (200, 0)
        assert len(backstage.calls[0].params["arguments"]) == size + len('{"x":""}')
        refused = await front.post("/tools/call", {"tool": "t", "arguments": {"x": "y" * 2 * size}})
    assert refused.problem == (413, "too_large")


@pytest.mark.parametrize("name", ["", " ", "a b\n", "../../etc", "ü\u0000", "{}", "%2e", "\u202e", "x" * 8000])
async def test_odd_names_go_on_as_they_are(name: str) -> None:
    backstage = Backstage()
    async with desk(backstage) as front:
        for accept in ("*/*", EVENTS):
            assert (await front.post("/tools/call", {"tool": name}, accept=accept)).status == 200
    assert [bytes(call.params["name"]) for call in backstage.calls] == [encode(name)] * 2


async def test_a_full_gateway_begins_no_stream() -> None:
    async with desk(Backstage(), limit=1000) as front:
        front.memory.hold(LargeHolder(), 1000)
        answer = await front.post("/tools/call", {"tool": "t"}, accept=EVENTS)
    assert (answer.problem, answer.headers["retry-after"]) == ((503, "overloaded"), "5")


async def test_no_more_calls_are_under_way_than_the_gateway_takes_requests() -> None:
    backstage = Backstage()
    backstage.tools["t"] = backstage.wait
    async with desk(backstage, server=small()) as front:
        for _ in range(2):
            front.begin("/tools/call", {"tool": "t"})
        await wait_all_tasks_blocked()
        assert (await front.post("/tools/call", {"tool": "t"})).problem == (503, "overloaded")


def small() -> Server:
    server = Server()
    return attrs.evolve(server, limits=attrs.evolve(server.limits, requests=2))


@pytest.mark.parametrize("accept", ["*/*", EVENTS])
async def test_the_stop_lets_a_call_end_within_the_drain(autojump_clock: MockClock, accept: str) -> None:
    async def slow(_: Exchange) -> bytes:
        await trio.sleep(5)
        return b"{}"

    async def endless(_: Exchange) -> bytes:
        await trio.sleep_forever()
        raise AssertionError

    async with desk(Backstage(tools={"slow": slow, "endless": endless})) as front:
        ends, stays = [front.begin("/tools/call", {"tool": name}, accept=accept) for name in ("slow", "endless")]
        await trio.sleep(1)
        front.parts.calls.stop(trio.current_time() + 9.5)
        await ends.ended.wait()
        assert trio.current_time() == pytest.approx(5)
        late = front.begin("/tools/call", {"tool": "endless"}, accept=accept)
        await stays.ended.wait()
        await late.ended.wait()
        assert trio.current_time() == pytest.approx(10.5)
        for each in (stays, late):
            told = each.answer if accept == "*/*" else each.events[-1][1]
            assert (told["error"], told["detail"]) == ("call_cancelled", "the gateway stops")
        assert b"error" not in ends.body
