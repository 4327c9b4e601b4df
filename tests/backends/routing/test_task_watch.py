"""A client that names its tasks when it opens a stream: of which it is told, what, and until when."""

from __future__ import annotations

from functools import partial

import attrs
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.routing.task_watch import TaskWatch
from argus_trio.backends.routing.tasks import owner_of
from argus_trio.core.call.exchange import Call
from argus_trio.core.call.task_ids import EXTENSION
from argus_trio.core.call.tasks import Owner, Task
from argus_trio.wire.envelope import Params, decode_string
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange, Json, answering
from tests.backends.support.supervised import Supervised, spec, supervised

STATUS = "notifications/tasks"


class Told:
    """What a client is told of its tasks: the method, and the task by its id."""

    def __init__(self) -> None:
        self.news: list[tuple[str, str]] = []

    def __call__(self, method: str, params: Params) -> None:
        self.news.append((method, decode_string(params["taskId"])))


def agreeing_to(*tasks: str) -> FakeBackend:
    """A modern backend that agrees to tell of these tasks, by its own ids."""

    async def listen(params: Json) -> Json:
        wanted = params["notifications"]
        assert isinstance(wanted, dict)
        agreed: Json = {"taskIds": [task for task in wanted.get("taskIds", ()) if task in tasks]}
        await answering.get().says("notifications/subscriptions/acknowledged", {"notifications": agreed})
        await trio.sleep_forever()
        raise AssertionError

    declares: Json = {"extensions": {EXTENSION: {}}}
    return FakeBackend(era=Era.MODERN, declares=declares, answers={"subscriptions/listen": listen})


def opening() -> Call:
    return FakeExchange("subscriptions/listen", era=Era.MODERN).call


def began(h: Supervised, backend: str, key: str, owner: Owner | None = None) -> Task:
    """A task that the backend knows as `key`: the client's, or another's."""
    owner = owner or owner_of(opening())
    return h.tasks.table.enter(owner, backend, key, now=trio.current_time(), ttl=None)


def followed(h: Supervised, backend: str) -> list[str]:
    return list(h.supervisor.scopes[backend].shared.subscriptions.followed)


async def test_within_the_block_a_client_is_told_how_its_tasks_stand_and_after_it_no_more(
    autojump_clock: MockClock,
) -> None:
    backend, told = agreeing_to("t1", "t2"), Told()
    async with supervised({"b": backend}) as h:
        await h.supervisor.current.settle()
        task, other = began(h, "b", "t1"), began(h, "b", "t2")
        async with TaskWatch(h.supervisor, h.tasks)(opening(), [task.id], told) as ids:
            assert ids == (task.id,)
            assert followed(h, "b") == ["t1"]
            for key in ("t1", "t2"):
                await backend.links[0].says(STATUS, {"taskId": key, "status": "working"})
            await wait_all_tasks_blocked()
            assert told.news == [(STATUS, task.id)]
            assert other.id not in dict(told.news)
        await backend.links[0].says(STATUS, {"taskId": "t1", "status": "completed"})
        await trio.sleep(5)
        assert told.news == [(STATUS, task.id)]
        assert followed(h, "b") == []


async def test_the_ids_are_given_in_the_order_of_the_wish_and_each_once(autojump_clock: MockClock) -> None:
    async with supervised({"a": agreeing_to("t1"), "b": agreeing_to("t1", "t2")}) as h:
        await h.supervisor.current.settle()
        wanted = [began(h, "b", "t2").id, began(h, "a", "t1").id, began(h, "b", "t1").id]
        async with TaskWatch(h.supervisor, h.tasks)(opening(), [*wanted, wanted[0]], Told()) as ids:
            assert ids == tuple(wanted)
            assert h.supervisor.scopes["b"].shared.subscriptions.followed.total() == 2


async def test_a_task_of_somebody_else_or_of_nobody_is_none(autojump_clock: MockClock) -> None:
    async with supervised({"b": agreeing_to("t1")}) as h:
        await h.supervisor.current.settle()
        others = began(h, "b", "t1", Owner(principal="ann", client=None))
        gone = began(h, "removed", "t1")
        async with TaskWatch(h.supervisor, h.tasks)(opening(), [others.id, gone.id, "made up"], Told()) as ids:
            assert ids == ()
            assert followed(h, "b") == []


async def test_a_backend_need_not_agree_to_tell_and_one_that_is_down_cannot(autojump_clock: MockClock) -> None:
    async with supervised({"a": agreeing_to("t1"), "down": agreeing_to("t1")}) as h:
        await h.supervisor.current.settle()
        await trio.sleep(0.1)
        refused, unheard, heard = began(h, "a", "t9"), began(h, "down", "t1"), began(h, "a", "t1")
        h.supervisor.scopes["down"].shared.connection = None
        async with TaskWatch(h.supervisor, h.tasks)(opening(), [refused.id, unheard.id, heard.id], Told()) as ids:
            assert ids == (heard.id,)
            assert followed(h, "a") == ["t1"]
            assert followed(h, "down") == []


async def test_a_stream_that_is_closed_before_the_backend_has_agreed_leaves_nothing_behind(
    autojump_clock: MockClock,
) -> None:
    backend = agreeing_to("t1")

    async def never(_params: Json) -> Json:
        await trio.sleep_forever()
        raise AssertionError

    async with supervised({"b": backend}) as h:
        await h.supervisor.current.settle()
        backend.answers["subscriptions/listen"] = never
        task, told = began(h, "b", "t1"), Told()
        with trio.move_on_after(0.5):
            async with TaskWatch(h.supervisor, h.tasks)(opening(), [task.id], told):
                raise AssertionError("nothing has been agreed to")
        assert followed(h, "b") == []
        await backend.links[0].says(STATUS, {"taskId": "t1", "status": "working"})
        await trio.sleep(5)
        assert told.news == []


async def test_a_backend_that_has_been_removed_meanwhile_is_told_nothing_at_the_end(autojump_clock: MockClock) -> None:
    async with supervised({"b": agreeing_to("t1")}) as h:
        await h.supervisor.current.settle()
        task = began(h, "b", "t1")
        async with TaskWatch(h.supervisor, h.tasks)(opening(), [task.id], Told()) as ids:
            assert ids == (task.id,)
            await h.supervisor.apply(attrs.evolve(h.supervisor.config, backends={}))


async def test_two_streams_of_one_client_do_not_end_each_other(autojump_clock: MockClock) -> None:
    backend, first, second = agreeing_to("t1"), Told(), Told()
    async with supervised({"b": backend}) as h:
        await h.supervisor.current.settle()
        task = began(h, "b", "t1")
        watch = partial(TaskWatch(h.supervisor, h.tasks), opening(), [task.id])
        async with watch(first):
            async with watch(second) as ids:
                assert ids == (task.id,)
            await trio.sleep(1)
            assert followed(h, "b") == ["t1"]
            await backend.links[0].says(STATUS, {"taskId": "t1", "status": "working"})
            await wait_all_tasks_blocked()
            assert (len(first.news), len(second.news)) == (1, 0)


async def test_a_task_is_followed_on_after_a_reload(autojump_clock: MockClock) -> None:
    old, new, told = agreeing_to("t1"), agreeing_to("t1"), Told()
    async with supervised({"b": old}, spare={"new": new}) as h:
        await h.supervisor.current.settle()
        task = began(h, "b", "t1")
        async with TaskWatch(h.supervisor, h.tasks)(opening(), [task.id], told):
            changed = attrs.evolve(spec("b"), command="new")
            await h.supervisor.apply(attrs.evolve(h.supervisor.config, backends={"b": changed}))
            await trio.sleep(1)
            assert followed(h, "b") == ["t1"]


async def test_the_end_of_a_stream_from_before_a_reload_does_not_end_that_of_another(autojump_clock: MockClock) -> None:
    old, new = agreeing_to("t1"), agreeing_to("t1")
    async with supervised({"b": old}, spare={"new": new}) as h:
        await h.supervisor.current.settle()
        task = began(h, "b", "t1")
        watch = partial(TaskWatch(h.supervisor, h.tasks), opening(), [task.id])
        first, second = watch(Told()), watch(Told())
        await first.__aenter__()
        changed = attrs.evolve(spec("b"), command="new")
        await h.supervisor.apply(attrs.evolve(h.supervisor.config, backends={"b": changed}))
        await trio.sleep(1)
        async with second as ids:
            assert ids == (task.id,)
            await first.__aexit__(None, None, None)
            await trio.sleep(1)
            assert followed(h, "b") == ["t1"]
