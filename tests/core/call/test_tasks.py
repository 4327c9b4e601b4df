"""The table of tasks: bound to their owners, bounded, forgotten in time."""

from __future__ import annotations

from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from argus_trio.core.call.abilities import ANYBODY
from argus_trio.core.call.tasks import GRACE_SECONDS, MAX_LIFE_SECONDS, Owner, Task, TaskTable
from argus_trio.wire.envelope import Params


class Session:
    """A client."""

    handle = ""
    log_level = None
    audience = ANYBODY

    async def notify(self, method: str, params: Params) -> None:
        raise NotImplementedError

    async def ask(self, method: str, params: Params) -> bytes:
        raise NotImplementedError


ANNA, BERT = Owner(principal="anna"), Owner(principal="bert")


def table(limit: int = 100, limit_of_one: int = 100) -> TaskTable:
    numbers = count(1)
    return TaskTable(lambda: f"t{next(numbers)}", limit=limit, limit_of_one=limit_of_one)


def test_a_task_is_known_to_its_owner_alone() -> None:
    tasks = table()
    task = tasks.enter(ANNA, "b", "k", now=0)
    assert tasks.find(ANNA, task.id, 1) is task
    assert tasks.find(BERT, task.id, 1) is None
    assert tasks.find(ANNA, "k", 1) is None
    assert tasks.of(BERT, 1) == []


def test_sessions_of_one_principal_do_not_share_their_tasks() -> None:
    tasks = table()
    first, second = (Owner(principal="anna", client=Session()) for _ in range(2))
    task = tasks.enter(first, "b", "k", now=0)
    assert tasks.find(second, task.id, 0) is None
    assert tasks.enter(second, "b", "k", now=0).id != task.id


def test_the_same_task_of_one_owner_keeps_its_id() -> None:
    tasks = table()
    ids = {tasks.enter(ANNA, "b", "k", now=now, ttl=ttl).id for now, ttl in ((0, None), (5, 10.0), (9, None))}
    assert len(ids) == 1
    assert len(tasks) == 1
    assert tasks.enter(ANNA, "c", "k", now=9).id not in ids


def test_a_task_is_forgotten_when_its_life_is_over() -> None:
    tasks = table()
    task = tasks.enter(ANNA, "b", "k", now=100, ttl=10)
    assert tasks.find(ANNA, task.id, 100 + 10 + GRACE_SECONDS - 1) is not None
    assert tasks.find(ANNA, task.id, 100 + 10 + GRACE_SECONDS) is None
    assert tasks.of(ANNA, 200) == []
    assert tasks.running("b", "k", 200) is None
    tasks.enter(BERT, "b", "other", now=300)
    assert len(tasks) == 1


def test_a_life_without_end_ends_too() -> None:
    tasks = table()
    for key, ttl in (("none", None), ("long", 1e300), ("negative", -5.0)):
        task = tasks.enter(ANNA, "b", key, now=0, ttl=ttl)
        assert tasks.find(ANNA, task.id, 0) is not None
        assert tasks.find(ANNA, task.id, MAX_LIFE_SECONDS + GRACE_SECONDS) is None


def test_a_task_that_its_backend_still_knows_lives_on() -> None:
    tasks = table()
    task = tasks.enter(ANNA, "b", "k", now=0)
    tasks.enter(ANNA, "b", "k", now=500, ttl=10)
    assert tasks.find(ANNA, task.id, 500 + GRACE_SECONDS - 1) is not None
    assert tasks.find(ANNA, task.id, 500 + GRACE_SECONDS) is None


def test_a_key_that_comes_again_after_its_task_has_ended_is_another_task() -> None:
    tasks = table()
    first = tasks.enter(ANNA, "b", "k", now=0, ttl=1)
    assert tasks.enter(ANNA, "b", "k", now=1 + GRACE_SECONDS).id != first.id
    assert len(tasks) == 1


def test_past_its_bound_an_owner_loses_its_own_oldest_task() -> None:
    tasks = table(limit_of_one=2)
    other = tasks.enter(BERT, "b", "k", now=0)
    first, second, third = (tasks.enter(ANNA, "b", key, now=0) for key in ("x", "y", "z"))
    assert [task.id for task in tasks.of(ANNA, 0)] == [second.id, third.id]
    assert tasks.find(ANNA, first.id, 0) is None
    assert tasks.find(BERT, other.id, 0) is not None


def test_past_the_bound_of_all_the_oldest_goes() -> None:
    tasks = table(limit=2)
    entered = [tasks.enter(Owner(principal=name), "b", "k", now=0) for name in "abc"]
    assert [tasks.find(task.owner, task.id, 0) is not None for task in entered] == [False, True, True]


def test_a_key_that_two_owners_know_is_nobodys_in_particular() -> None:
    tasks = table()
    task = tasks.enter(ANNA, "b", "k", now=0)
    assert tasks.running("b", "k", 0) == task
    other = tasks.enter(BERT, "b", "k", now=0)
    assert tasks.running("b", "k", 0) is None
    tasks.forget(other)
    tasks.forget(other)
    assert tasks.running("b", "k", 0) == task


def test_a_key_of_a_sessions_own_process_is_that_sessions() -> None:
    tasks, first, second = table(), Session(), Session()
    entered = [tasks.enter(Owner(principal="anna", client=client), "b", "k", now=0) for client in (first, second)]
    assert tasks.running("b", "k", 0) is None
    assert [tasks.running("b", "k", 0, client=client) for client in (first, second)] == entered
    assert tasks.running("b", "k", 0, client=Session()) is None


def test_the_end_of_a_session_is_the_end_of_its_tasks() -> None:
    tasks, client = table(), Session()
    tasks.enter(Owner(principal="anna", client=client), "b", "k", now=0)
    kept = tasks.enter(ANNA, "b", "k", now=0)
    tasks.forget_client(client)
    assert len(tasks) == 1
    assert tasks.find(ANNA, kept.id, 0) == kept


class Everything(RuleBasedStateMachine):
    """Any history: bounds hold, ids never pass from one task to another, no index outlives its task."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.table = table(limit=6, limit_of_one=3)
        self.meant: dict[str, tuple[Owner, str, str]] = {}

    @rule(
        owner=st.sampled_from([ANNA, BERT]),
        backend=st.sampled_from("ab"),
        key=st.sampled_from("xyz"),
        ttl=st.none() | st.floats(0, 300),
    )
    def enter(self, owner: Owner, backend: str, key: str, ttl: float | None) -> None:
        task = self.table.enter(owner, backend, key, now=self.now, ttl=ttl)
        assert self.table.find(owner, task.id, self.now) == task
        assert self.meant.setdefault(task.id, (owner, backend, key)) == (owner, backend, key)

    @rule(seconds=st.floats(0, 200))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(data=st.data(), owner=st.sampled_from([ANNA, BERT]))
    def forget(self, data: st.DataObject, owner: Owner) -> None:
        own: list[Task] = self.table.of(owner, self.now)
        if own:
            self.table.forget(data.draw(st.sampled_from(own)))

    @invariant()
    def holds(self) -> None:
        assert len(self.table) <= 6
        for owner in (ANNA, BERT):
            own = self.table.of(owner, self.now)
            assert len(own) <= 3
            assert [task.number for task in own] == sorted(task.number for task in own)
        for task_id, (owner, backend, key) in self.meant.items():
            task = self.table.find(owner, task_id, self.now)
            assert task is None or (task.backend, task.key, task.owner) == (backend, key, owner)
            assert self.table.find(BERT if owner is ANNA else ANNA, task_id, self.now) is None


TestEverything = Everything.TestCase
TestEverything.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
