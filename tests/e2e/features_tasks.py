"""The rows of the compatibility matrix, fourth part: tasks, those of 2025-11-25 and those of the extension."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio

from tests.e2e.cells import Cell, Door, Kind
from tests.e2e.features import REASONS, feature
from tests.e2e.peer import Json, Peer, peer
from tests.servers.featured.tasks import EXTENSION, RELATED

INVALID = -32602
MISSING = -32021

REASONS["tasks-legacy"] = "The tasks of 2025-11-25 are of that revision, on both sides."
REASONS["tasks-modern"] = "The extension `io.modelcontextprotocol/tasks` is of revision 2026-07-28, on both sides."


def legacy_only(door: Door, kind: Kind) -> str | None:
    return None if door.era == kind.era == "legacy" else "tasks-legacy"


def modern_only(door: Door, kind: Kind) -> str | None:
    return None if door.era == kind.era == "modern" else "tasks-modern"


@asynccontextmanager
async def working(cell: Cell, *, asks: bool = False, **capabilities: Any) -> AsyncIterator[tuple[Peer, str, str]]:
    """A client of tasks, a token, and the id of a task that works on it."""
    token = uuid.uuid4().hex
    if cell.door.era == "modern":
        capabilities = {**capabilities, "extensions": {EXTENSION: {}}}
    async with peer(cell.door, cell.url, **capabilities) as client:
        call: Json = {"name": cell.name("work"), "arguments": {"token": token, "asks": asks}}
        if cell.door.era == "legacy":
            call |= {"task": {"ttl": 60000}, "_meta": {"progressToken": f"p-{token}"}}
        made = await client.result("tools/call", **call)
        task = made["task"] if cell.door.era == "legacy" else made
        assert task["status"] == "working"
        assert task["x-unknown"] == [None, "kept"]
        assert not task["taskId"].startswith("task-")
        yield client, token, task["taskId"]


async def end(cell: Cell, client: Peer, token: str) -> None:
    await client.result("tools/call", name=cell.name("end_work"), arguments={"token": token})


async def is_nobody_elses(cell: Cell, task: str) -> None:
    """Another session, or whoever knows only the backend's own id, finds no such task."""
    async with peer(cell.door, cell.url, extensions={EXTENSION: {}}) as other:
        # Without authorization all modern clients are one principal: there are no sessions to tell them apart.
        for task_id in ("task-1",) if cell.door.era == "modern" else ("task-1", task):
            assert (await other.error("tasks/get", taskId=task_id))["code"] == INVALID


@feature("Tasks", "tasks of 2025-11-25: call, get, list, result", legacy_only)
async def a_call_becomes_a_task(cell: Cell) -> None:
    async with working(cell) as (client, token, task):
        assert (await client.result("tasks/get", taskId=task))["status"] == "working"
        assert task in [found["taskId"] for found in (await client.result("tasks/list"))["tasks"]]
        await is_nobody_elses(cell, task)
        results: list[Json] = []

        async def fetch() -> None:
            results.append(await client.result("tasks/result", taskId=task))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(fetch)
            await end(cell, client, token)
        assert results[0]["content"] == [{"type": "text", "text": f"done {token}"}]
        assert results[0]["_meta"][RELATED] == {"taskId": task}
        assert (await client.result("tasks/get", taskId=task))["status"] == "completed"


@feature("Tasks", "tasks of 2025-11-25: cancel", legacy_only)
async def a_legacy_task_is_cancelled(cell: Cell) -> None:
    async with working(cell) as (client, _, task):
        assert (await client.result("tasks/cancel", taskId=task))["status"] == "cancelled"
        assert (await client.result("tasks/get", taskId=task))["status"] == "cancelled"


async def hears_alone(cell: Cell, **capabilities: Any) -> None:
    async with working(cell, **capabilities) as (client, token, task), peer(cell.door, cell.url) as other:
        await end(cell, client, token)
        await client.until(lambda: bool(client.news("notifications/tasks/status")))
        (status,) = client.news("notifications/tasks/status")
        assert (status["taskId"], status["status"]) == (task, "completed")
        await client.until(lambda: bool(client.news("notifications/progress")))
        (progress,) = client.news("notifications/progress")
        assert (progress["progressToken"], progress["progress"]) == (f"p-{token}", 1)
        await other.result("ping")
        assert not [said for said in other.heard if "tasks" in said["method"] or "progress" in said["method"]]


@feature("Tasks", "tasks of 2025-11-25: status and late progress, told to its client and no other", legacy_only)
async def its_client_alone_hears_of_a_task(cell: Cell) -> None:
    await hears_alone(cell)


@feature("Tasks", "tasks of 2025-11-25: the same for a client that can be asked", legacy_only)
async def an_able_client_alone_hears_of_its_task(cell: Cell) -> None:
    await hears_alone(cell, elicitation={}, roots={})


@feature("Tasks", "tasks of 2025-11-25: one that asks its client", legacy_only)
async def a_task_asks_its_client(cell: Cell) -> None:
    """Question and answer both say which task they are about, each side by its own id."""
    async with working(cell, asks=True, elicitation={}) as (client, _, task):
        about: Json = {"_meta": {RELATED: {"taskId": task}}}
        client.reply = lambda _params: {"action": "accept", "content": {"name": "Ada"}, **about}
        result = await client.result("tasks/result", taskId=task)
        (question,) = client.asked
        assert (question["method"], question["params"]["message"]) == ("elicitation/create", "Who?")
        assert question["params"]["_meta"][RELATED] == {"taskId": task}
        told = result["structuredContent"]["told"]
        assert told["content"] == {"name": "Ada"}
        assert told["_meta"][RELATED]["taskId"].startswith("task-")
        await client.until(lambda: len(client.news("notifications/tasks/status")) == 2)
        states = [news["status"] for news in client.news("notifications/tasks/status")]
        assert states == ["input_required", "completed"]


@feature("Tasks", "tasks of the extension: create, get, update, result", modern_only)
async def a_server_makes_a_task(cell: Cell) -> None:
    async with working(cell) as (client, token, task):
        asking = await client.result("tasks/get", taskId=task)
        assert (asking["taskId"], asking["status"]) == (task, "input_required")
        assert asking["inputRequests"]["who"]["method"] == "elicitation/create"
        await is_nobody_elses(cell, task)
        told = {"who": {"action": "accept", "content": {"name": "Ada"}}}
        assert (await client.result("tasks/update", taskId=task, inputResponses=told))["resultType"] == "complete"
        done = await client.result("tasks/get", taskId=task)
        assert (done["status"], done["result"]["structuredContent"]) == ("completed", {"told": told})
        assert done["result"]["content"][0]["text"] == f"done {token}"


@feature("Tasks", "tasks of the extension: cancel", modern_only)
async def a_modern_task_is_cancelled(cell: Cell) -> None:
    async with working(cell) as (client, _, task):
        assert (await client.result("tasks/cancel", taskId=task))["resultType"] == "complete"
        assert (await client.result("tasks/get", taskId=task))["status"] == "cancelled"


@feature("Tasks", "tasks of the extension: told on the stream that asked for it, `taskIds`", modern_only)
async def a_stream_tells_of_a_task(cell: Cell) -> None:
    async with working(cell) as (client, token, task), peer(cell.door, cell.url) as other:
        wanted = {"taskIds": [task, "task-1"], "toolsListChanged": True}
        subscription = await client.send("subscriptions/listen", notifications=wanted)
        assert (await other.error("subscriptions/listen", notifications=wanted))["code"] == MISSING
        await client.until(lambda: bool(client.news("notifications/subscriptions/acknowledged")))
        (granted,) = client.news("notifications/subscriptions/acknowledged")
        assert granted["notifications"] == {"toolsListChanged": True, "taskIds": [task]}
        await end(cell, client, token)
        await client.until(lambda: bool(client.news("notifications/tasks")))
        (news,) = client.news("notifications/tasks")
        assert (news["taskId"], news["status"]) == (task, "completed")
        assert news["result"]["content"][0]["text"] == f"done {token}"
        assert news["_meta"]["io.modelcontextprotocol/subscriptionId"] == subscription
        assert not other.news("notifications/tasks")
