"""`/manage/v1/tree`: the tasks and nurseries that live now, as trio has them, to a body.

A task whose children are in one nursery is shown with these; where it has several, each is a node, the outermost first.
It is walked within a bound and without a pause, so that what is shown was so at one moment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from heapq import nsmallest
from itertools import islice
from typing import Final

import attrs
import trio

from argus_trio.contract.operation import Operation
from argus_trio.contract.settings import TREE, TreeAnswer, TreeNode
from argus_trio.frontend.manage.answer import PageAnswer
from argus_trio.frontend.manage.request import ManageRequest, Page

MOST_CHILDREN: Final = 100
"""How many tasks of one nursery are shown, by their names; the others are one node of the kind `more`."""
MOST_VISITED: Final = 2000
"""How many tasks are visited at most: that takes some ms, in which nothing else runs."""
MOST_DEPTH: Final = 40
"""How deep it goes: twice what a gateway has."""

_DOTTED: Final = re.compile(r"[\w.<>]{1,300}")
_GIVEN: Final = re.compile(r"(?:backend|drain) [^\x00-\x1f]{1,200}")
"""The names that this gateway gives to tasks; what else trio makes of a callable may hold anything."""


def tree_pages() -> Mapping[Operation, Page]:
    """The live tree."""

    async def tree(_: ManageRequest) -> PageAnswer:
        return PageAnswer(body=living())

    return {TREE: tree}


def living() -> TreeAnswer:
    """The tree of all tasks that live at this moment. Must be called within trio."""
    root = trio.lowlevel.current_root_task()
    if root is None:
        raise RuntimeError("there is a root task for as long as trio runs")
    return TreeAnswer(tasks=trio.lowlevel.current_statistics().tasks_living, tree=_Walk().of_task(root, 0))


@attrs.define(eq=False, repr=False)
class _Walk:
    """One walk through the tree."""

    visited: int = 0

    def of_task(self, task: trio.lowlevel.Task, depth: int) -> TreeNode:
        self.visited += 1
        nurseries = [nursery for nursery in task.child_nurseries if nursery.child_tasks]
        children: Sequence[TreeNode]
        if len(nurseries) == 1:
            children = self._of_tasks(nurseries[0].child_tasks, depth + 1)
        else:
            children = [self._of_nursery(nursery, depth + 1) for nursery in nurseries]
        name = short_name(task.name)
        return TreeNode(name=name, kind="task", count=1 + _count(children), children=tuple(children))

    def _of_nursery(self, nursery: trio.Nursery, depth: int) -> TreeNode:
        children = self._of_tasks(nursery.child_tasks, depth + 1)
        return TreeNode(name="nursery", kind="nursery", count=_count(children), children=tuple(children))

    def _of_tasks(self, tasks: frozenset[trio.lowlevel.Task], depth: int) -> list[TreeNode]:
        candidates = nsmallest(MOST_CHILDREN, islice(tasks, MOST_VISITED), key=lambda task: short_name(task.name))
        nodes: list[TreeNode] = []
        for task in candidates:
            if depth >= MOST_DEPTH or self.visited >= MOST_VISITED:
                break
            nodes.append(self.of_task(task, depth))
        left = len(tasks) - len(nodes)
        if left:
            nodes.append(TreeNode(name=f"{left} more", kind="more", count=left, children=()))
        return nodes


def _count(nodes: Sequence[TreeNode]) -> int:
    return sum(node.count for node in nodes)


@lru_cache(maxsize=512)
def short_name(name: str) -> str:
    """A task's name without the module that its function is from, and without what is no name."""
    if _GIVEN.fullmatch(name):
        return name
    if name == "<init>":
        return "trio"
    if not _DOTTED.fullmatch(name):
        return "task"
    parts = [part for part in name.split(".") if part and part != "<locals>"]
    is_of_class = len(parts) > 1 and parts[-2].lstrip("_")[:1].isupper()
    return ".".join(parts[-2:] if is_of_class else parts[-1:]) or "task"
