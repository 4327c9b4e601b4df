"""`/manage/v1/events` and its stream over HTTP: what a reader gets, resumes from, and when it loses the stream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import attrs
import pytest
import trio

from argus_trio.core.access.access import OPEN, Access, ManageRight
from argus_trio.core.access.principal import Principal
from argus_trio.core.journal import KEPT_OF_A_KIND, REFILL_SECONDS
from tests.frontend.manage.watch.support import Json, data_of, management_of, streaming
from tests.frontend.support.http_sse import conversing
from tests.frontend.support.serving import Served, ask, initialized, serving

EVENTS = "/manage/v1/events"


@attrs.define
class Clock:
    now: float = 1_750_000_000.0

    def __call__(self) -> float:
        self.now += REFILL_SECONDS
        return self.now


async def got(served: Served, query: str = "") -> Json:
    answer = await ask(served, "GET", EVENTS + query)
    assert answer.status == 200, answer.body
    return answer.json


def ids_of(answer: Json) -> list[str]:
    events = answer["events"]
    assert isinstance(events, list)
    return [event["id"] for event in events]


async def test_events_are_told_oldest_first_with_all_that_is_known_of_them() -> None:
    management = management_of(now=Clock())
    async with serving(management=management) as served:
        management.journal.note("backend_down", "gone", severity="error", backend="a", details={"reason": "é"})
        assert await got(served) == {
            "events": [
                {
                    "id": "ab12-1",
                    "timestamp": "2025-06-15T15:06:42.000Z",
                    "stage": "backend_down",
                    "message": "gone",
                    "severity": "error",
                    "backend": "a",
                    "details": {"reason": "é"},
                }
            ],
            "gap": False,
        }


async def test_events_are_chosen_by_number_severity_backend_and_what_was_seen() -> None:
    clock = Clock()
    management = management_of(now=clock)
    for number in range(6):
        severity, backend = ("warning" if number % 2 else "info"), f"b{number % 3}"
        management.journal.note("backend_ready", "x", severity=severity, backend=backend)  # type: ignore[arg-type]
    seen = quote(datetime.fromtimestamp(clock.now - 3 * REFILL_SECONDS, UTC).isoformat())
    elsewhere = (datetime.fromtimestamp(clock.now, UTC) + timedelta(hours=2)).isoformat().replace("+00:00", "+02:00")
    async with serving(management=management) as served:
        for query, numbers in {
            "?limit=2": [5, 6],
            "?severity=warning": [2, 4, 6],
            "?severity=debug&backend=b0": [1, 4],
            "?since=ab12-4": [5, 6],
            "?since=ab12-2&limit=2": [3, 4],
            f"?since={seen}": [4, 5, 6],
            f"?since={elsewhere}": [],
            "?since=ab12-99": [],
            "?backend=none": [],
        }.items():
            answer = await got(served, query)
            assert (ids_of(answer), answer["gap"]) == ([f"ab12-{number}" for number in numbers], False), query


async def test_an_id_of_an_earlier_start_tells_a_gap_and_everything_that_there_is() -> None:
    management = management_of(now=Clock())
    management.journal.note("backend_ready", "x")
    async with serving(management=management) as served:
        answer = await got(served, "?since=ffff0000-12")
    assert (ids_of(answer), answer["gap"]) == (["ab12-1"], True)


async def test_what_was_let_go_of_is_a_gap_for_who_has_not_seen_it() -> None:
    management = management_of(now=Clock())
    for _ in range(KEPT_OF_A_KIND + 10):
        management.journal.note("backend_ready", "x", backend="a")
    async with serving(management=management) as served:
        assert (await got(served, "?since=ab12-5"))["gap"]
        assert not (await got(served, "?since=ab12-10"))["gap"]
        assert (await got(served, "?since=2025-06-15T15:06:41Z"))["gap"]
        assert not (await got(served))["gap"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?limit=0", "limit"),
        ("?limit=10001", "limit"),
        ("?limit=x", "limit"),
        ("?severity=loud", "severity"),
        ("?since=yesterday", "'yesterday' is neither the id of an event nor a time"),
        ("?since=2026-01-31T12:00:00", "nor a time"),
        ("?since=0000-12-31T23:59:59Z", "nor a time"),
        ("?since=%00%0a", "nor a time"),
        ("?sinse=x", "since"),
        ("?since=a&since=b", "twice"),
    ],
)
async def test_a_wrong_query_is_answered_with_what_to_write(query: str, said: str) -> None:
    async with serving() as served:
        answer = await ask(served, "GET", EVENTS + query)
        assert answer.status == 400, answer.body
        assert said in str(answer.json["detail"])
        assert answer.headers["content-type"] == "application/problem+json"
        if "limit" not in query:
            assert (await ask(served, "GET", EVENTS + "/stream" + query)).status == 400


async def test_a_stream_brings_events_as_they_happen_under_their_stages() -> None:
    management = management_of()
    async with serving(management=management) as served, streaming(served) as stream:
        assert stream.status == 200
        first = await stream.next()
        assert (first.event, first.id) == ("heartbeat", "ab12-0")
        management.journal.note("backend_down", "one\r\ntwo", severity="error", backend="a")
        event = await stream.next()
        assert (event.event, event.id, data_of(event)["message"]) == ("backend_down", "ab12-1", "one\r\ntwo")
        management.journal.note("backend_ready", "x", backend="a")
        assert (await stream.next()).id == "ab12-2"


async def test_a_stream_resumes_behind_the_last_event_that_its_client_saw() -> None:
    management = management_of()
    for number in range(3):
        management.journal.note("backend_ready", f"n{number}", backend="a")
    async with serving(management=management) as served:
        async with streaming(served, "?since=ab12-0", last_event_id="ab12-2") as stream:
            assert [(each.event, each.id) for each in [await stream.next(), await stream.next()]] == [
                ("heartbeat", "ab12-2"),
                ("backend_ready", "ab12-3"),
            ]
        async with streaming(served, "?since=ab12-1") as stream:
            assert [(await stream.next()).id for _ in range(3)] == ["ab12-1", "ab12-2", "ab12-3"]
        async with streaming(served, "?since=2025-01-01T00:00:00Z") as stream:
            assert [(await stream.next()).id for _ in range(4)] == ["ab12-0", "ab12-1", "ab12-2", "ab12-3"]


@pytest.mark.parametrize("last_seen", ["dead-7", "not an id at all", "x" * 5000])
async def test_who_resumes_from_an_earlier_start_is_told_of_a_gap_first(last_seen: str) -> None:
    management = management_of()
    management.journal.note("backend_ready", "x", backend="a")
    async with serving(management=management) as served, streaming(served, last_event_id=last_seen) as stream:
        gap = await stream.next()
        assert (gap.event, gap.id) == ("gap", "")
        assert data_of(gap)["since"] == last_seen[:200]
        assert [(await stream.next()).event for _ in range(2)] == ["heartbeat", "backend_ready"]


async def test_a_stream_brings_only_what_was_asked_for() -> None:
    management = management_of()
    async with serving(management=management) as served, streaming(served, "?severity=warning&backend=b") as stream:
        await stream.next()
        management.journal.note("backend_down", "x", severity="error", backend="a")
        management.journal.note("backend_ready", "x", backend="b")
        management.journal.note("backend_down", "x", severity="error", backend="b")
        assert (await stream.next()).id == "ab12-3"


async def test_head_of_the_stream_is_answered_and_over() -> None:
    async with serving() as served:
        answer = await ask(served, "HEAD", EVENTS + "/stream")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "text/event-stream", b"")


async def test_figures_come_for_those_who_ask_and_have_no_id() -> None:
    management = management_of()
    async with serving(management=management) as served:
        management.figures.record("a", "t", "ok", 0.1)
        async with streaming(served, "?figures=true") as with_them, streaming(served) as without:
            assert (await with_them.next()).event == "heartbeat"
            figures = await with_them.next()
            assert (figures.event, figures.id) == ("figures", "ab12-0"), "the id is that of the event before"
            entries = data_of(figures)["figures"]
            assert isinstance(entries, list)
            shown = [(each["backend"], each["tool"], each["calls"]) for each in entries]
            assert shown == [("a", "", 1), ("a", "t", 1)]
            assert (await with_them.next()).event == "figures"
            assert (await without.next()).event == "heartbeat"
            management.journal.note("backend_ready", "x")
            assert (await without.next()).event == "backend_ready"


async def test_a_stop_ends_event_streams_at_once() -> None:
    management = management_of()
    async with serving(management=management) as served, streaming(served, "?figures=1") as stream:
        await stream.next()
        began = trio.current_time()
        served.stop.set()
        while await stream.client.part():
            pass
        await served.stopped.wait()
        assert trio.current_time() - began < 1


async def test_who_may_not_read_any_more_loses_the_stream_and_others_keep_it() -> None:
    management = management_of()

    def may_manage(principal: Principal, right: ManageRight) -> bool:
        return right != "read"

    async with serving(management=management) as served, streaming(served) as stream:
        await stream.next()
        settings = served.settings.now
        served.settings.renew(settings)
        management.journal.note("backend_ready", "x")
        assert (await stream.next()).event == "backend_ready"
        served.settings.renew(attrs.evolve(settings, access=Access(may_manage=may_manage)))
        await stream.ended()
        assert (await ask(served, "GET", EVENTS)).status == 403
        served.settings.renew(attrs.evolve(settings, access=OPEN))
        async with streaming(served) as again:
            assert (await again.next()).event == "heartbeat"


async def test_a_session_is_noted_when_it_opens_and_when_it_ends_with_why() -> None:
    management = management_of()
    async with serving(management=management) as served:
        session = await initialized(served)
        assert (await ask(served, "DELETE", "/mcp", session)).status in (200, 204)
        await initialized(served)
        served.stop.set()
        await served.stopped.wait()
    events = management.journal.since(1)[0]
    told = [(event.stage, event.details.get("why"), event.details["client"]) for event in events]
    assert [(stage, why) for stage, why, _ in told] == [
        ("session_opened", None),
        ("session_ended", "client"),
        ("session_opened", None),
        ("session_ended", "stop"),
    ]
    assert {client for _, _, client in told} == {told[0][2]} != {""}


async def test_a_conversation_on_sse_is_noted_as_well() -> None:
    management = management_of()
    async with serving(management=management) as served:
        async with conversing(served):
            pass
        while not management.journal.times("session_ended"):
            await management.events.wait()
    (ended,) = [event for event in management.journal.since(1)[0] if event.stage == "session_ended"]
    assert (ended.details["why"], ended.details["transport"]) == ("client", "sse")
