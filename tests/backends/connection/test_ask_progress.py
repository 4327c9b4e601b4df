"""What a client reports of an ask: to the backend that asked, under its own token, in order, and to no other."""

from __future__ import annotations

import json

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.ask_progress import MAX_WAITING, Reports, split_token
from argus_trio.core.call.abilities import Abilities
from argus_trio.wire.envelope import Raw, decode_object
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, json_of, raw
from tests.backends.support.scopes import living
from tests.backends.support.talk import AnsweringSession

ROOTS = Abilities(roots=True)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (b'{"a":1}', b'{"a":1}'),
        (b'{"a":1,"_meta":{"progressToken":1}}', b'{"a":1}'),
        (b'{"_meta":{"progressToken":"t","b":1e2}}', b'{"_meta":{"b":1e2}}'),
        (b'{"_meta":{"b":"progressToken"}}', b'{"_meta":{"b":"progressToken"}}'),
        (b'{"_meta":"progressToken"}', b'{"_meta":"progressToken"}'),
    ],
)
def test_for_a_client_that_cannot_report_the_token_is_taken_out_and_nothing_else(given: bytes, left: bytes) -> None:
    params, reports = split_token(decode_object(given), None)
    assert msgspec.json.encode(params) == left
    assert reports is None


def test_each_ask_has_a_token_of_ours_and_keeps_its_other_meta() -> None:
    shown = []
    for _ in range(2):
        params, reports = split_token(decode_object(b'{"_meta":{"progressToken":7,"b":1e2},"a":1}'), AnsweringSession())
        assert reports is not None
        assert json.loads(json_of(params)) == {"a": 1, "_meta": {"progressToken": reports.client_token, "b": 100}}
        shown.append(reports.client_token)
    assert shown[0] != shown[1]


async def test_reports_go_out_in_order_and_of_too_many_the_latest() -> None:
    reports, sent, may_go = Reports(AnsweringSession(), "ours", Raw(b"7")), list[Json](), trio.Event()

    async def send(body: bytes) -> None:
        await may_go.wait()
        sent.append(json.loads(body)["params"])

    async with trio.open_nursery() as nursery:
        for number in range(MAX_WAITING + 5):
            reports.put({"progressToken": Raw(b'"ours"'), "progress": Raw(b"%d" % number)})
            nursery.start_soon(reports.pass_on, send)
        await wait_all_tasks_blocked()
        may_go.set()
    assert sent == [{"progressToken": 7, "progress": number} for number in range(5, MAX_WAITING + 5)]


def asking(answered: trio.Event) -> FakeBackend:
    async def call(_params: Json) -> Json:
        await backend.links[-1].ask("roots/list", {"_meta": {"progressToken": 7}})
        answered.set()
        return {}

    backend = FakeBackend(tools=[{"name": "x"}], answers={"tools/call": call})
    return backend


def reported(backend: FakeBackend) -> list[list[object]]:
    """The progress that each link was told of, and where it was answered."""
    told: list[list[object]] = []
    for link in backend.links:
        messages = map(json.loads, link.sent)
        told.append([one.get("params", "answered") for one in messages if "initialized" not in str(one)])
    return told


async def test_what_a_client_reports_reaches_the_backend_that_asked_before_its_answer(
    autojump_clock: MockClock,
) -> None:
    answered, one, other = trio.Event(), AnsweringSession(), AnsweringSession()
    backend = asking(answered)
    async with living(backend) as scope, trio.open_nursery() as nursery:

        async def respond(params: Json) -> Json:
            meta = params["_meta"]
            assert isinstance(meta, dict)
            token = meta["progressToken"]
            assert token != 7
            forged = {"progressToken": token, "progress": 99}
            scope.forward_notification(other, "notifications/progress", raw(forged))
            scope.forward_notification(one, "notifications/progress", raw({"progressToken": 7, "progress": 98}))
            for number in range(3):
                scope.forward_notification(
                    one, "notifications/progress", raw({"progressToken": token, "progress": number, "x": [1]})
                )
            nursery.start_soon(late, token)
            return {"roots": []}

        async def late(token: object) -> None:
            await answered.wait()
            scope.forward_notification(one, "notifications/progress", raw({"progressToken": token, "progress": 97}))

        exchange = FakeExchange("tools/call", {"name": "x"}, abilities=ROOTS, client=one, answer=respond)
        await scope.calls.call(exchange, raw(exchange.params))
        await wait_all_tasks_blocked()
    assert reported(backend)[1] == [
        *({"progressToken": 7, "progress": number, "x": [1]} for number in range(3)),
        "answered",
    ]
    assert reported(backend)[0] == []


async def test_a_modern_client_is_asked_for_no_progress(autojump_clock: MockClock) -> None:
    async def respond(_params: Json) -> Json:
        return {"roots": []}

    backend = asking(trio.Event())
    async with living(backend) as scope:
        exchange = FakeExchange("tools/call", {"name": "x"}, era=Era.MODERN, abilities=ROOTS, answer=respond)
        await scope.calls.call(exchange, raw(exchange.params))
    assert exchange.asked == [("roots/list", {})]
