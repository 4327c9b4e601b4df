"""What a backend says on its own: to the call, the client or the listener that it concerns, and to no other."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.ask_progress import PROGRESS
from argus_trio.backends.connection.in_flight import InFlight, InFlightTable
from argus_trio.backends.connection.inbound import MAX_ANSWERING, MAX_ANSWERING_BYTES, Inbound
from argus_trio.backends.connection.notification_queue import Losses
from argus_trio.backends.connection.open import probe_state_of
from argus_trio.backends.connection.server_requests import ServerRequests
from argus_trio.backends.connection.task_notifications import TaskNotification
from argus_trio.config.model.operation import Probing
from argus_trio.core.call.abilities import ANYBODY, Abilities, Audience
from argus_trio.wire.envelope import Notification, Params, Request, encode_raw
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, FakeLink, Json, empty, json_of, raw
from tests.backends.support.talk import Ears

LOG, CUSTOM = "notifications/message", "notifications/made_up"
STATUS = "notifications/tasks/status"


@attrs.define(eq=False)
class Session:
    """A legacy session that notes what it is told and asked on its own stream."""

    log_level: str | None = None
    handle: str = ""
    audience: Audience = ANYBODY
    told: list[tuple[str, Json]] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)

    async def notify(self, method: str, params: Params) -> None:
        await trio.lowlevel.checkpoint()
        self.told.append((method, json.loads(json_of(params))))

    async def ask(self, method: str, params: Params) -> bytes:
        await trio.lowlevel.checkpoint()
        self.asked.append(method)
        return b"{}"


@attrs.define(eq=False)
class Receiving:
    """An `Inbound` and everyone whom it may tell."""

    inbound: Inbound
    link: FakeLink
    ears: Ears
    nursery: trio.Nursery
    tasks: list[TaskNotification]

    async def says(self, method: str, params: Json, within: int | None = None) -> None:
        """The backend says this; returns once everybody has been told."""
        await self.inbound.receive(Notification(method, raw(params)), within)
        await wait_all_tasks_blocked()

    async def asks(self, method: str, params: Json | None = None, within: int | None = None) -> None:
        """The backend asks this; returns once everybody has done what can be done at once."""
        await self.inbound.receive(Request(b'"q"', method, raw(params or {})), within)
        await wait_all_tasks_blocked()

    def begin(self, message_id: int, exchange: FakeExchange | None = None, token: object = None) -> InFlight:
        """A call of this id is under way from now on."""
        exchange = exchange or FakeExchange("tools/call")
        call = InFlight(
            exchange=exchange,
            table=self.inbound.in_flight,
            deadline=trio.current_time() + 10,
            patience=10,
            latest=trio.current_time() + 25,
            nursery=self.nursery,
            losses=Losses(),
        )
        call.token = None if token is None else encode_raw(token)
        self.inbound.in_flight.add(message_id, call)
        return call

    @property
    def answers(self) -> list[Json]:
        """What the backend was sent."""
        return list(map(json.loads, self.link.sent))


@asynccontextmanager
async def receiving(*, client: Session | None = None, is_exclusive: bool = False) -> AsyncIterator[Receiving]:
    """Of a connection that is `client`'s, if that is given."""
    tasks: list[TaskNotification] = []

    async def on_task(notification: TaskNotification) -> None:
        await trio.lowlevel.checkpoint()
        tasks.append(notification)

    async def nothing(message: Request | Notification, within: int | None) -> None:
        raise AssertionError("the link itself says nothing")

    async with trio.open_nursery() as nursery:
        link, ears = FakeLink(FakeBackend(), nothing), Ears([], client)
        inbound = Inbound(
            backend="files",
            nursery=nursery,
            in_flight=InFlightTable(is_exclusive, nursery.start_soon),
            server_requests=ServerRequests("files", link, ()),
            listener=ears,
            on_task=on_task,
            probe_state=probe_state_of(Probing()),
        )
        with ears.sessions.running_in(nursery):
            yield Receiving(inbound, link, ears, nursery, tasks)
        nursery.cancel_scope.cancel()


async def test_whatever_is_heard_is_a_sign_of_life(autojump_clock: MockClock) -> None:
    async with receiving() as r:
        for hear in (r.says(CUSTOM, {}), r.asks("ping")):
            await trio.sleep(5)
            await hear
            assert r.inbound.probe_state.heard_at == trio.current_time()


async def test_progress_reaches_the_call_of_its_token_with_the_clients_token_and_extends_its_deadline(
    autojump_clock: MockClock,
) -> None:
    async with receiving() as r:
        mine, other = FakeExchange("tools/call"), FakeExchange("tools/call")
        call = r.begin(4, mine, token="mine")
        r.begin(5, other, token="other")
        await trio.sleep(8)
        await r.says(PROGRESS, {"progressToken": 4, "progress": 1})
        assert mine.told == [(PROGRESS, {"progressToken": "mine", "progress": 1})]
        assert other.told == []
        assert call.deadline == pytest.approx(trio.current_time() + 10)


async def test_progress_that_nobody_asked_for_is_told_nobody() -> None:
    session = Session()
    async with receiving(client=session, is_exclusive=True) as r:
        exchange = FakeExchange("tools/call")
        r.begin(4, exchange)
        for token in (4, 9, "4"):
            await r.says(PROGRESS, {"progressToken": token, "progress": 1}, within=4)
        assert (exchange.told, session.told, r.tasks) == ([], [], [])


async def test_progress_of_a_task_reaches_whoever_follows_tasks_as_long_as_it_runs() -> None:
    session = Session()
    async with receiving(client=session) as r:
        created = b'{"task":{"taskId":"t1","status":"working"}}'
        r.inbound.tasks.begun(created, trio.current_time(), request=4, token=encode_raw("mine"))
        await r.says(PROGRESS, {"progressToken": 4, "progress": 1})
        r.inbound.tasks.ended("t1", trio.current_time())
        await r.says(PROGRESS, {"progressToken": 4, "progress": 2})
        assert [(n.backend, n.key, n.method, n.client) for n in r.tasks] == [("files", "t1", PROGRESS, session)]
        assert json.loads(json_of(r.tasks[0].params)) == {"progressToken": "mine", "progress": 1}


@pytest.mark.parametrize(("ends", "heard"), [("working", []), ("completed", ["task ended"])])
async def test_how_a_task_stands_is_told_and_the_listener_hears_of_its_end(ends: str, heard: list[str]) -> None:
    async with receiving() as r:
        created = b'{"task":{"taskId":"t1","status":"working"}}'
        r.inbound.tasks.begun(created, trio.current_time(), request=4, token=None)
        for method, task in ((STATUS, "t1"), ("notifications/tasks", "elsewhere")):
            await r.says(method, {"taskId": task, "status": ends})
        assert {(n.key, n.method, n.client) for n in r.tasks} == {
            ("t1", STATUS, None),
            ("elsewhere", "notifications/tasks", None),
        }
        assert r.ears.changed == heard


async def test_the_status_of_a_task_without_an_id_is_told_nobody() -> None:
    async with receiving(client=Session()) as r:
        await r.says(STATUS, {"status": "completed"})
        assert (r.tasks, r.ears.changed) == ([], [])


@pytest.mark.parametrize(
    ("method", "kinds"),
    [
        ("notifications/tools/list_changed", ["tools"]),
        ("notifications/prompts/list_changed", ["prompts"]),
        ("notifications/resources/list_changed", ["resources", "templates"]),
        ("notifications/subscriptions/acknowledged", ["acknowledged"]),
    ],
)
async def test_what_concerns_the_connection_is_the_listeners_alone(method: str, kinds: list[str]) -> None:
    session, exchange = Session(), FakeExchange("tools/call")
    async with receiving(client=session, is_exclusive=True) as r:
        r.begin(4, exchange)
        await r.says(method, {}, within=4)
        assert r.ears.changed == kinds
        assert (session.told, exchange.told) == ([], [])


@attrs.define(eq=False)
class Updates(Ears):
    """Notes all that is said of resources."""

    updates: list[Json] = attrs.field(factory=list)

    def resource_updated(self, params: Params) -> None:
        self.updates.append(json.loads(json_of(params)))


async def test_an_updated_resource_is_the_listeners_without_what_the_backend_says_to_us_alone() -> None:
    async with receiving() as r:
        r.inbound.listener = ears = Updates([])
        await r.says(
            "notifications/resources/updated",
            {"uri": "a:1", "_meta": {"io.modelcontextprotocol/subscriptionId": 7, "x": 1}},
        )
        await r.says("notifications/resources/updated", {"uri": "a:2"})
        assert ears.updates == [{"uri": "a:1", "_meta": {"x": 1}}, {"uri": "a:2"}]


@pytest.mark.parametrize(
    ("asked", "era", "level", "is_told"),
    [
        ("warning", Era.LEGACY, "error", True),
        ("warning", Era.LEGACY, "info", False),
        (None, Era.LEGACY, "debug", True),
        (None, Era.MODERN, "error", False),
    ],
)
async def test_a_log_message_on_the_stream_of_a_call_reaches_its_client_if_that_wants_its_level(
    asked: str | None, era: Era, level: str, is_told: bool
) -> None:
    session = Session()
    async with receiving(client=session) as r:
        exchange = FakeExchange("tools/call", era=era, log_level=asked)
        r.begin(4, exchange)
        await r.says(LOG, {"level": level, "data": "x"}, within=4)
        assert exchange.told == [(LOG, {"level": level, "data": "x"})] * is_told
        assert session.told == []


@pytest.mark.parametrize(
    ("asked", "level", "is_told"), [(None, "debug", True), ("warning", "info", False), ("warning", "error", True)]
)
async def test_a_log_message_outside_any_call_reaches_the_client_whose_connection_it_is_if_that_wants_its_level(
    asked: str | None, level: str, is_told: bool
) -> None:
    session = Session(log_level=asked)
    async with receiving(client=session) as r:
        r.begin(4)
        await r.says(LOG, {"level": level, "data": "x"})
        assert session.told == [(LOG, {"level": level, "data": "x"})] * is_told


async def test_on_a_shared_connection_what_names_no_call_is_told_no_client() -> None:
    async with receiving() as r:
        exchange = FakeExchange("tools/call", log_level="debug")
        r.begin(4, exchange)
        await r.says(LOG, {"level": "emergency"})
        await r.says(CUSTOM, {})
        assert exchange.told == []


async def test_a_notification_that_is_not_known_reaches_the_call_on_whose_stream_it_came_or_else_the_client() -> None:
    session = Session()
    async with receiving(client=session) as r:
        exchange = FakeExchange("tools/call")
        r.begin(4, exchange)
        await r.says(CUSTOM, {"n": 1}, within=4)
        await r.says(CUSTOM, {"n": 2})
        assert exchange.told == [(CUSTOM, {"n": 1})]
        assert session.told == [(CUSTOM, {"n": 2})]


async def test_a_request_on_the_stream_of_a_call_is_answered_by_its_client_and_one_outside_by_the_connections() -> None:
    session = Session()
    async with receiving(client=session) as r:
        exchange = FakeExchange("tools/call", abilities=Abilities(roots=True), answer=empty)
        r.begin(4, exchange)
        await r.asks("roots/list", within=4)
        assert (len(exchange.asked), session.asked) == (1, [])
        await r.asks("roots/list")
        assert (len(exchange.asked), session.asked) == (1, ["roots/list"])
        assert [answer["result"] for answer in r.answers] == [{}, {}]


async def never(_params: Json) -> Json:
    await trio.sleep_forever()
    raise AssertionError


@pytest.mark.parametrize(("within", "goes_on"), [(4, False), (None, True)])
async def test_an_ask_that_names_no_call_outlives_the_one_it_was_taken_for(within: int | None, goes_on: bool) -> None:
    async with receiving(client=Session(), is_exclusive=True) as r:
        other = r.begin(3)
        call = r.begin(4, FakeExchange("tools/call", abilities=Abilities(roots=True), answer=never))
        await r.asks("roots/list", within=within)
        assert len(call.asks) == 1
        r.inbound.in_flight.remove(4)
        assert len(other.asks) == goes_on


async def test_a_request_that_the_backend_takes_back_is_withdrawn_and_not_answered() -> None:
    async with receiving() as r:
        call = r.begin(4, FakeExchange("tools/call", abilities=Abilities(roots=True), answer=never))
        await r.asks("roots/list", within=4)
        await r.says("notifications/cancelled", {"requestId": "other"})
        assert len(call.asks) == 1
        await r.says("notifications/cancelled", {"requestId": "q"})
        assert call.asks == set()
        assert r.answers == []


async def test_what_a_client_reports_of_an_ask_reaches_the_backend_and_what_another_reports_does_not() -> None:
    asked: list[Json] = []

    async def answer(params: Json) -> Json:
        asked.append(params)
        return await never(params)

    session = Session()
    async with receiving() as r:
        exchange = FakeExchange("tools/call", abilities=Abilities(roots=True), answer=answer, client=session)
        r.begin(4, exchange)
        await r.asks("roots/list", {"_meta": {"progressToken": "theirs"}}, within=4)
        meta = asked[0]["_meta"]
        assert isinstance(meta, dict)
        for who, progress in ((Session(), 1), (session, 2)):
            r.inbound.reported(who, raw({"progressToken": meta["progressToken"], "progress": progress}))
        r.inbound.reported(session, raw({"progressToken": "unknown", "progress": 3}))
        await wait_all_tasks_blocked()
        assert [answer["params"] for answer in r.answers] == [{"progressToken": "theirs", "progress": 2}]


async def test_a_client_that_does_not_listen_holds_up_nobody(autojump_clock: MockClock) -> None:
    class Deaf(Session):
        async def notify(self, method: str, params: Params) -> None:
            await trio.sleep_forever()

    async with receiving(client=Deaf()) as r:
        with trio.fail_after(1):
            for _ in range(3):
                await r.inbound.receive(Notification(CUSTOM, {}), None)


async def test_requests_of_a_backend_that_reads_no_answers_are_bounded_and_the_loss_is_told_once() -> None:
    async with receiving() as r:
        with capture_logs() as logs:
            for _ in range(10_000):
                await r.inbound.receive(Request(b'"q"', "ping", {}), None)
        assert len(r.nursery.child_tasks) == MAX_ANSWERING
        await wait_all_tasks_blocked()
        assert len(r.answers) == MAX_ANSWERING
        assert r.inbound.losses.dropped == 10_000 - MAX_ANSWERING
        assert [entry["event"] for entry in logs] == ["backend_requests_dropped"]
        await r.asks("ping")
        assert len(r.answers) == MAX_ANSWERING + 1


async def test_requests_with_long_ids_are_bounded_in_bytes() -> None:
    async with receiving() as r:
        long = b'"%b"' % (b"q" * (MAX_ANSWERING_BYTES // 4))
        with capture_logs() as logs:
            for _ in range(10):
                await r.inbound.receive(Request(long, "ping", {}), None)
        assert r.inbound.losses.memory.size >= 3 * len(long)
        await wait_all_tasks_blocked()
        assert r.inbound.losses.memory.size == 0
        assert len(r.answers) == 3
        assert [entry["event"] for entry in logs] == ["backend_requests_dropped"]
        await r.inbound.receive(Request(b'"%b"' % (b"q" * MAX_ANSWERING_BYTES), "ping", {}), None)
        await wait_all_tasks_blocked()
        assert len(r.answers) == 4


async def test_reports_of_progress_cost_one_task_however_many_there_are() -> None:
    asked: list[Json] = []

    async def answer(params: Json) -> Json:
        asked.append(params)
        return await never(params)

    session = Session()
    async with receiving() as r:
        exchange = FakeExchange("tools/call", abilities=Abilities(roots=True), answer=answer, client=session)
        r.begin(4, exchange)
        await r.asks("roots/list", {"_meta": {"progressToken": "theirs"}}, within=4)
        meta = asked[0]["_meta"]
        assert isinstance(meta, dict)
        before = len(r.nursery.child_tasks)
        for progress in range(50):
            r.inbound.reported(session, raw({"progressToken": meta["progressToken"], "progress": progress}))
        assert len(r.nursery.child_tasks) == before + 1
        await wait_all_tasks_blocked()
        assert [sent["params"]["progress"] for sent in r.answers] == list(range(50))  # type: ignore[index]  # of JSON
