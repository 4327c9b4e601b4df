"""Tasks over backends: ids that are ours, owners that are kept apart, asks in between, lists of one's own."""

from __future__ import annotations

import json

import attrs
import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.routing.task_watch import TaskWatch
from argus_trio.core.access.principal import Principal
from argus_trio.errors import BackendError, DeadlineExceeded, InvalidParams, MethodUnknown
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, json_of
from tests.backends.support.supervised import bring_down, named, spec, supervised
from tests.backends.support.tasks import RELATED, Runner, Session, ask, begin, listed

STATUS = "notifications/tasks/status"
PROGRESS = "notifications/progress"


async def test_a_task_is_known_by_an_id_of_ours_from_beginning_to_end(autojump_clock: MockClock) -> None:
    runner, session = Runner(), Session()
    async with supervised({"a": runner.backend()}) as h:
        task = await begin(h, session)
        assert "task-1" not in task
        assert await ask(h, session, "tasks/get", taskId=task) == {"taskId": task, "status": "working", "ttl": 60000}
        assert await ask(h, session, "tasks/result", taskId=task) == {
            "content": [],
            "_meta": {RELATED: {"taskId": task}},
        }
        assert (await ask(h, session, "tasks/cancel", taskId=task))["taskId"] == task
    assert runner.states["task-1"]["status"] == "cancelled"


async def test_nobody_else_reaches_a_task(autojump_clock: MockClock) -> None:
    owner, other = Session(), Session()
    async with supervised({"a": Runner().backend()}) as h:
        task = await begin(h, owner)
        for method in ("tasks/get", "tasks/result", "tasks/cancel", "tasks/update"):
            for client, task_id in ((other, task), (None, task), (owner, "task-1")):
                with pytest.raises(InvalidParams, match="unknown task"):
                    await ask(h, client, method, taskId=task_id)
        assert await listed(h, other) == []


async def test_tasks_of_several_backends_are_listed_and_only_ones_own(autojump_clock: MockClock) -> None:
    one, two, session, other = Runner(), Runner(), Session(), Session()
    async with supervised({"a": one.backend(), "b": two.backend()}) as h:
        mine = [await begin(h, session, "a__x"), await begin(h, session, "b__x")]
        theirs = await begin(h, other, "b__x")
        assert await listed(h, session) == mine
        assert await listed(h, other) == [theirs]
        one.states.clear()
        assert await listed(h, session) == mine[1:]
        assert len(h.tasks.table) == 2


async def test_a_task_of_a_backend_that_is_down_is_left_out_but_not_forgotten(autojump_clock: MockClock) -> None:
    backend, session = Runner().backend(), Session()
    async with supervised({"a": backend}) as h:
        await begin(h, session)
        await bring_down(backend)
        assert await listed(h, session) == []
        assert len(h.tasks.table) == 1


async def test_a_long_list_of_tasks_is_read_page_by_page(autojump_clock: MockClock) -> None:
    session = Session()
    async with supervised({"a": Runner().backend()}) as h:
        mine = [await begin(h, session) for _ in range(60)]
        page = await ask(h, session, "tasks/list")
        rest = await ask(h, session, "tasks/list", cursor=page["nextCursor"])
        shown = [task for part in (page, rest) for task in part["tasks"]]  # type: ignore[attr-defined]  # a list
        assert [task["taskId"] for task in shown] == mine
        assert "nextCursor" not in rest
        with pytest.raises(InvalidParams):
            await ask(h, session, "tools/list", cursor=page["nextCursor"])


async def test_a_modern_client_has_the_methods_of_the_extension_only(autojump_clock: MockClock) -> None:
    runner = Runner(modern=True)
    async with supervised({"a": runner.backend()}) as h:
        made = await ask(h, None, "tools/call", Era.MODERN, name="a__x")
        task = str(made["taskId"])
        assert (made["resultType"], task != "task-1") == ("task", True)
        for method in ("tasks/get", "tasks/update", "tasks/cancel"):
            assert (await ask(h, None, method, Era.MODERN, taskId=task, inputResponses={}))["taskId"] == task
        for method in ("tasks/list", "tasks/result", "tasks/other"):
            with pytest.raises(MethodUnknown):
                await ask(h, None, method, Era.MODERN, taskId=task)


async def test_a_modern_backend_is_told_the_task_in_a_header_too(autojump_clock: MockClock) -> None:
    backend = Runner(modern=True).backend()
    async with supervised({"a": backend}) as h:
        made = await ask(h, None, "tools/call", Era.MODERN, name="a__x")
        await ask(h, None, "tasks/get", Era.MODERN, taskId=made["taskId"])
    assert dict(backend.headers[-1])["mcp-name"] == "task-1"


async def test_without_a_backend_that_runs_tasks_there_are_no_such_methods(autojump_clock: MockClock) -> None:
    async with supervised({"a": FakeBackend(tools=named("x"))}) as h:
        await h.supervisor.current.settle()
        with pytest.raises(MethodUnknown):
            await ask(h, Session(), "tasks/get", taskId="x")
        answer = await ask(h, Session(), "tools/call", name="a__x", task={})
        assert answer["params"] == {"name": "x", "task": {}}


async def test_the_result_of_a_task_is_waited_for_longer_than_another_answer(autojump_clock: MockClock) -> None:
    runner, session = Runner(), Session()
    backend = runner.backend()

    async def slow(params: Json) -> Json:
        await trio.sleep_until(100)
        return await runner.result(params)

    async def never(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    backend.answers |= {"tasks/result": slow, "tasks/get": never}
    async with supervised({"a": backend}) as h:
        task = await begin(h, session)
        assert "content" in await ask(h, session, "tasks/result", taskId=task)
        assert trio.current_time() >= 100
        with pytest.raises(DeadlineExceeded):
            await ask(h, session, "tasks/get", taskId=task)
        backend.answers["tasks/result"] = never
        with pytest.raises(DeadlineExceeded):
            await ask(h, session, "tasks/result", taskId=task)
        assert trio.current_time() >= 3600


async def test_a_notification_of_a_tasks_state_is_for_its_owner(autojump_clock: MockClock) -> None:
    session, other, backend = Session(), Session(), Runner().backend()
    async with supervised({"a": backend}) as h:
        task, _ = await begin(h, session), await begin(h, other)
        status = "notifications/tasks/status"
        told: list[Json] = [{"taskId": "task-1", "status": "completed"}, {"taskId": "task-9"}, {}]
        for params in told:
            await backend.links[0].says(status, params)
        await wait_all_tasks_blocked()
        assert session.told == [(status, {"taskId": task, "status": "completed"})]
        assert other.told == []
        h.supervisor.release(session)
        assert len(h.tasks.table) == 1


async def test_news_that_are_read_before_the_answer_is_dealt_with_are_not_lost(autojump_clock: MockClock) -> None:
    session, backend = Session(), Runner().backend()

    async def create(_params: Json) -> Json:
        for status in ("working", "completed"):
            await backend.links[0].says(STATUS, {"taskId": "task-1", "status": status})
        return {"task": {"taskId": "task-1", "status": "working", "ttl": 60000}}

    backend.answers["tools/call"] = create
    async with supervised({"a": backend}) as h:
        task = await begin(h, session)
        await wait_all_tasks_blocked()
        assert session.told == [(STATUS, {"taskId": task, "status": s}) for s in ("working", "completed")]


@pytest.mark.parametrize("session_kind", ["auto", "per-client"])
async def test_progress_is_told_to_the_owner_for_as_long_as_the_task_runs(
    session_kind: str, autojump_clock: MockClock
) -> None:
    backend, sessions = Runner().backend(), (Session(), Session())
    async with supervised({"a": backend}, [spec("a", session=session_kind)]) as h:
        for session in sessions:
            await ask(h, session, "tools/call", name="a__x", task={}, _meta={"progressToken": "same"})
        link = backend.links[0] if session_kind == "auto" else backend.links[1]
        calls = [params for method, params in backend.seen if method == "tools/call"]
        token = calls[0]["_meta"]["progressToken"]  # type: ignore[index]  # as sent
        for done in (1, 2):
            await link.says(PROGRESS, {"progressToken": token, "progress": done})
        await link.says(STATUS, {"taskId": "task-1", "status": "completed"})
        await link.says(PROGRESS, {"progressToken": token, "progress": 3})
        await wait_all_tasks_blocked()
        told = [(PROGRESS, {"progressToken": "same", "progress": done}) for done in (1, 2)]
        assert sessions[0].told[:2] == told
        assert [method for method, _ in sessions[0].told] == [PROGRESS, PROGRESS, STATUS]
        assert sessions[1].told == []


async def test_a_modern_client_is_told_of_the_tasks_that_it_listens_for_and_owns(autojump_clock: MockClock) -> None:
    backend = Runner(modern=True).backend()
    told: list[tuple[str, Json]] = []
    foreign: list[str] = []

    async def listen(params: Json) -> Json:
        agreed: Json = {"notifications": {"taskIds": params["notifications"].get("taskIds", [])}}  # type: ignore[attr-defined]
        await backend.links[0].says("notifications/subscriptions/acknowledged", agreed)
        await trio.sleep_forever()
        raise AssertionError

    backend.answers["subscriptions/listen"] = listen
    call = FakeExchange("subscriptions/listen", era=Era.MODERN).call
    thief = replace(call, principal=Principal(name="thief"))
    async with supervised({"a": backend}) as h:
        tasks = [str((await ask(h, None, "tools/call", Era.MODERN, name="a__x"))["taskId"]) for _ in range(2)]

        def hear(method: str, params: Params) -> None:
            told.append((method, json.loads(json_of(params))))

        def overhear(method: str, _params: Params) -> None:
            foreign.append(method)

        async with TaskWatch(h.supervisor, h.tasks)(thief, tasks, overhear) as stolen:
            assert stolen == ()
            async with TaskWatch(h.supervisor, h.tasks)(call, [tasks[0], "task-1", "x"], hear) as granted:
                assert granted == (tasks[0],)
                for key in ("task-1", "task-2"):
                    await backend.links[0].says("notifications/tasks", {"taskId": key, "status": "completed"})
                await wait_all_tasks_blocked()
        await backend.links[0].says("notifications/tasks", {"taskId": "task-1", "status": "completed"})
        await trio.sleep(5)
        assert told == [("notifications/tasks", {"taskId": tasks[0], "status": "completed"})]
        assert foreign == []
    listens = [params["notifications"] for method, params in backend.seen if method == "subscriptions/listen"]
    assert [wanted.get("taskIds") for wanted in listens] == [None, ["task-1"], None]  # type: ignore[attr-defined]


async def test_sessions_with_connections_of_their_own_have_tasks_of_their_own(autojump_clock: MockClock) -> None:
    """Two processes of one backend count their tasks from one."""

    async def create(_params: Json) -> Json:
        return {"task": {"taskId": "task-1", "status": "working", "ttl": 60000}}

    backend = Runner().backend()
    backend.answers["tools/call"] = create
    first, second = Session(), Session()
    async with supervised({"a": backend}, [spec("a", session="per-client")]) as h:
        tasks = [await begin(h, session) for session in (first, second)]
        assert len(set(tasks)) == 2
        await backend.links[2].says("notifications/tasks/status", {"taskId": "task-1"})
        await wait_all_tasks_blocked()
        assert (first.told, second.told) == ([], [("notifications/tasks/status", {"taskId": tasks[1]})])


async def test_a_backends_own_refusal_passes(autojump_clock: MockClock) -> None:
    runner, session = Runner(), Session()
    async with supervised({"a": runner.backend()}) as h:
        task = await begin(h, session)
        runner.states.clear()
        with pytest.raises(BackendError):
            await ask(h, session, "tasks/get", taskId=task)


async def test_a_list_of_tasks_is_finished_by_the_backends_that_were_there_when_it_was_asked_for(
    autojump_clock: MockClock,
) -> None:
    runner, session, go_on = Runner(), Session(), trio.Event()
    backend = runner.backend()

    async def slow(params: Json) -> Json:
        await go_on.wait()
        return await runner.state(params)

    backend.answers["tasks/get"] = slow
    found: list[object] = []
    async with supervised({"a": backend, "b": FakeBackend()}, [spec("a")]) as h, trio.open_nursery() as nursery:
        tasks = [await begin(h, session) for _ in range(12)]  # more than are asked for at once

        async def look() -> None:
            found.extend(await listed(h, session))

        nursery.start_soon(look)
        await wait_all_tasks_blocked()
        remaining = {name: one for name, one in h.supervisor.config.backends.items() if name != "a"}
        await h.supervisor.apply(attrs.evolve(h.supervisor.config, backends=remaining))
        go_on.set()
    assert found == tasks
