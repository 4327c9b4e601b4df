"""Which connection of a single client is whose, and which one makes room."""

from __future__ import annotations

from math import inf

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.connectivity.client_connection import ClientConnection
from argus_trio.backends.connectivity.client_connection_table import ClientConnectionTable
from argus_trio.backends.scope.scope import Scope
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.call.session_policy import NOBODY, ConnectionOwner
from argus_trio.errors import LinkFailed
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeBackend, FakeExchange
from tests.backends.support.scopes import Session, living
from tests.backends.support.talk import Talk, talk

ROOTS = Abilities(roots=True)


def call(client: ClientSession | None = None) -> Call:
    era = Era.MODERN if client is None else Era.LEGACY
    return FakeExchange("tools/call", abilities=ROOTS, era=era, client=client).call


def connection(scope: Scope, owner: ConnectionOwner) -> ClientConnection:
    """One that is about to open."""
    return ClientConnection(owner=owner, shared=scope.shared, listings=scope.listings, on_idle=lambda _: None)


def begin_task(opened: Connection, task: str, seconds: float) -> None:
    created = b'{"task":{"taskId":"%b","status":"working","ttl":%d}}' % (task.encode(), seconds * 1000)
    opened.inbound.tasks.begun(created, trio.current_time(), request=4, token=None)


def with_tasks(scope: Scope, t: Talk, owner: ConnectionOwner, task: str, seconds: float = 60) -> ClientConnection:
    """One that is open, and on which that task was begun."""
    begin_task(t.connection, task, seconds)
    made = connection(scope, owner)
    made.connection = t.connection
    return made


def table_of(*connections: ClientConnection) -> ClientConnectionTable:
    table = ClientConnectionTable()
    for each in connections:
        table.add(each)
    return table


async def test_a_connection_is_paid_for_while_it_is_used_or_a_task_runs_on_it(autojump_clock: MockClock) -> None:
    backend = FakeBackend()
    async with living(backend) as scope, talk(backend) as t:
        idle, used, working = (ConnectionOwner.of(call(Session())) for _ in range(3))
        held = connection(scope, used)
        held.users = 1
        table = table_of(connection(scope, idle), held, with_tasks(scope, t, working, "task-1", seconds=60))
        now = trio.current_time()
        assert table.payers(now) == (used.payer, working.payer)
        assert table.payers(now + 61) == (used.payer,)


async def test_what_is_taken_has_the_owner_that_it_was_taken_for_and_counts_as_used_last(
    autojump_clock: MockClock,
) -> None:
    session = Session()
    async with living(FakeBackend()) as scope:
        free, other = (connection(scope, ConnectionOwner.nobody(ROOTS)) for _ in range(2))
        table = table_of(free, other)
        table.taken_by(ConnectionOwner.of(call()))
        assert [each.owner.key is NOBODY for each in (free, other)] == [True, False], "the one used last comes first"
        owner = ConnectionOwner.of(call(session))
        assert table.taken_by(owner) is free
        assert free.owner is owner
        assert list(table) == [other, free]
        assert table.taken_by(owner) is free
        assert table.taken_by(ConnectionOwner.of(call(Session()))) is None
        assert len(table) == 2


async def test_a_list_is_looked_at_where_the_next_call_of_its_kind_goes(autojump_clock: MockClock) -> None:
    owner = ConnectionOwner.of(call())
    async with living(FakeBackend()) as scope:
        first, last, busy = (connection(scope, owner) for _ in range(3))
        table = table_of(first, last, connection(scope, ConnectionOwner.nobody(Abilities())))
        assert table.to_list_over(ROOTS) is last is table.taken_by(owner)
        last.scope.cancel()
        assert table.to_list_over(ROOTS) is first
        busy.users = 1
        table.add(busy)
        assert table.to_list_over(ROOTS) is busy, "its calls go on beside the list"
        table.add(nobodys := connection(scope, ConnectionOwner.nobody(ROOTS)))
        assert table.to_list_over(ROOTS) is nobodys


async def test_one_that_has_ended_is_known_no_more(autojump_clock: MockClock) -> None:
    session = Session()
    async with living(FakeBackend()) as scope:
        one, other = connection(scope, ConnectionOwner.of(call(session))), connection(scope, ConnectionOwner.of(call()))
        table = table_of(one, other)
        table.remove(one)
        assert list(table) == [other]
        assert table.of(session) is None


async def test_a_sessions_connection_is_its_own_as_long_as_it_is_not_closed_or_lost(autojump_clock: MockClock) -> None:
    session = Session()
    async with living(FakeBackend()) as scope, talk(FakeBackend()) as t:
        closed, lost, own = (connection(scope, ConnectionOwner.of(call(session))) for _ in range(3))
        table = table_of(connection(scope, ConnectionOwner.of(call(Session()))), closed, lost, own)
        closed.scope.cancel()
        lost.connection = t.connection
        t.connection.end(LinkFailed("gone"))
        assert table.of(session) is own
        assert table.of(Session()) is None


async def test_a_task_leads_its_own_client_to_where_it_was_begun(autojump_clock: MockClock) -> None:
    session, other = Session(), Session()
    async with living(FakeBackend()) as scope, talk(FakeBackend()) as t, talk(FakeBackend()) as u:
        own = with_tasks(scope, t, ConnectionOwner.of(call(session)), "t1")
        modern = with_tasks(scope, u, ConnectionOwner.of(call()), "t1")
        table = table_of(connection(scope, ConnectionOwner.of(call(other))), own, modern)
        assert table.with_task(call(session), "t1") is own
        assert table.with_task(call(), "t1") is modern
        assert table.with_task(call(other), "t1") is None
        assert table.with_task(call(session), "t2") is None
        assert table.with_task(call(session), None) is None
        assert (table.know_task("t1"), table.know_task("t2")) == (True, False)
        own.scope.cancel()
        assert table.with_task(call(session), "t1") is None


async def test_the_one_unused_for_the_longest_makes_room_and_none_that_something_keeps_open(
    autojump_clock: MockClock,
) -> None:
    async with living(FakeBackend()) as scope, talk(FakeBackend()) as t:
        used, subscribed = (connection(scope, ConnectionOwner.of(call(Session()))) for _ in range(2))
        running = with_tasks(scope, t, ConnectionOwner.of(call(Session())), "t1", seconds=60)
        oldest, newest = (connection(scope, ConnectionOwner.nobody(ROOTS)) for _ in range(2))
        used.users += 1
        subscribed.subscriptions.subscribed.add("u")
        table = table_of(used, subscribed, running, oldest, newest)
        now = trio.current_time()
        assert table.least_needed(now) is oldest
        table.remove(oldest)
        assert table.least_needed(now) is newest
        table.remove(newest)
        assert table.least_needed(now) is None
        assert table.subscribed_alone(now) is subscribed
        subscribed.users += 1
        assert table.subscribed_alone(now) is None
        assert running.runs_until < inf
        assert table.least_needed(running.runs_until) is running
        await wait_all_tasks_blocked()
