"""`/manage/v1/tree`: the tasks and nurseries that live, by short names and within a bound."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import trio
import trio.testing

from argus_trio.contract.settings import TreeNode
from argus_trio.frontend.manage.tree import MOST_CHILDREN, MOST_VISITED, living, short_name
from tests.frontend.support.entered import managed
from tests.frontend.support.serving import serving


def nodes(node: TreeNode) -> Iterator[TreeNode]:
    yield node
    for child in node.children:
        yield from nodes(child)


async def test_tasks_are_below_what_they_run_in() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever, name="backend files")
        nursery.start_soon(trio.sleep_forever, name="secret <object at 0x7f00>")
        tree = living()
        names = {node.name for node in nodes(tree.tree)}
        assert "backend files" in names
        assert not [name for name in names if "secret" in name or "0x" in name]
        assert tree.tasks == tree.tree.count == sum(node.kind == "task" for node in nodes(tree.tree))
        nursery.cancel_scope.cancel()


async def test_nurseries_inside_each_other_are_nodes() -> None:
    async with trio.open_nursery() as outer, trio.open_nursery() as inner:
        outer.start_soon(trio.sleep_forever, name="backend a")
        inner.start_soon(trio.sleep_forever, name="backend b")
        found = [[child.name for child in node.children] for node in nodes(living().tree) if node.kind == "nursery"]
        assert [each for each in found if each[0].startswith("backend")] == [["backend a"], ["backend b"]]
        outer.cancel_scope.cancel()


async def test_many_tasks_of_one_nursery_are_one_node_more() -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(MOST_CHILDREN + 20):
            nursery.start_soon(trio.sleep_forever)
        (more,) = [node for node in nodes(living().tree) if node.kind == "more"]
        assert (more.name, more.count) == ("20 more", 20)
        nursery.cancel_scope.cancel()


async def test_no_more_tasks_are_visited_than_the_bound_says() -> None:
    async def many() -> None:
        async with trio.open_nursery() as within:
            for _ in range(MOST_CHILDREN):
                within.start_soon(trio.sleep_forever)

    async with trio.open_nursery() as nursery:
        for _ in range(MOST_CHILDREN):
            nursery.start_soon(many)
        await trio.testing.wait_all_tasks_blocked()
        tree = living()
        assert tree.tasks > MOST_CHILDREN**2
        assert sum(node.kind == "task" for node in nodes(tree.tree)) <= MOST_VISITED
        nursery.cancel_scope.cancel()


async def test_no_depth_is_too_much() -> None:
    async def nested(left: int) -> None:
        async with trio.open_nursery() as within:
            within.start_soon(nested, left - 1) if left else within.start_soon(trio.sleep_forever)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(nested, 100)
        await trio.testing.wait_all_tasks_blocked()
        assert [node.name for node in nodes(living().tree) if node.kind == "more"] == ["1 more"]
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("argus_trio.backends.scope.scope.Scope.run", "Scope.run"),
        ("argus_trio.frontend.server.lean.connection.LeanConnection.run", "LeanConnection.run"),
        ("argus_trio.app.run_gateway", "run_gateway"),
        ("a.f.<locals>.inner", "inner"),
        ("<init>", "trio"),
        ("backend files", "backend files"),
        ("drain files", "drain files"),
        ("<bound method X of <X token='s3cret'>>", "task"),
        ("functools.partial(<function f at 0x7f>)", "task"),
        ("x" * 500, "task"),
        ("<locals>", "task"),
        ("", "task"),
    ],
)
def test_names_say_what_runs_and_nothing_else(name: str, short: str) -> None:
    assert short_name(name) == short


async def test_it_is_served() -> None:
    async with serving() as served:
        answer = await managed(served, "/tree")
        assert answer.status == 200
        assert b"LeanConnection.run" in answer.body
