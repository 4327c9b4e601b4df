"""`subscriptions/listen` through real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import attrs
import pytest
import trio

from argus_trio.core.call.aims import MAX_URIS
from argus_trio.core.call.exchange import Call, Deliver
from argus_trio.wire.envelope import Params, encode_raw
from tests.frontend.support.serving import Client, Served, connected, events_in, modern, modern_headers, post, serving

ALL = ["notifications/tools/list_changed", "notifications/prompts/list_changed", "notifications/resources/list_changed"]
TAG = {"io.modelcontextprotocol/subscriptionId": "sub"}


async def begin(client: Client, served: Served, asked: dict[str, object]) -> list[dict[str, object]]:
    """Subscribe on `client`, and what came first."""
    body = modern("subscriptions/listen", {"notifications": asked}, "sub")
    await client.send("POST", "/mcp", modern_headers("subscriptions/listen"), body)
    status, headers = await client.head()
    assert (status, headers["content-type"]) == (200, "text/event-stream")
    return list(events_in(await client.part()))


async def test_the_acknowledgment_comes_first_and_names_what_is_honoured() -> None:
    async with serving() as served, connected(served) as client:
        asked = {"toolsListChanged": True, "promptsListChanged": False, "resourceSubscriptions": ["a://b"], "odd": True}
        assert await begin(client, served, asked) == [
            {
                "jsonrpc": "2.0",
                "method": "notifications/subscriptions/acknowledged",
                "params": {"_meta": TAG, "notifications": {"toolsListChanged": True}},
            }
        ]


async def test_only_what_was_asked_for_is_told_and_each_is_tagged() -> None:
    async with serving() as served, connected(served) as client:
        await begin(client, served, {"promptsListChanged": True})
        served.announcer.announce(ALL)
        assert events_in(await client.part()) == [
            {"jsonrpc": "2.0", "method": "notifications/prompts/list_changed", "params": {"_meta": TAG}}
        ]


async def test_a_stop_ends_it_with_a_result() -> None:
    async with serving() as served, connected(served) as client:
        await begin(client, served, {"toolsListChanged": True})
        served.stop.set()
        rest = b"".join([part async for part in client.parts()])
        assert events_in(rest) == [{"jsonrpc": "2.0", "id": "sub", "result": {"resultType": "complete", "_meta": TAG}}]
        await served.stopped.wait()


@attrs.define
class Upstream:
    """A `watch` that honours what begins with `a:`, and tells what a test says."""

    asked: list[Sequence[str]] = attrs.field(factory=list)
    tells: list[Deliver] = attrs.field(factory=list)
    left: trio.Event = attrs.field(factory=trio.Event)
    slow: trio.Event | None = None

    @asynccontextmanager
    async def watch(self, _call: Call, uris: Sequence[str], tell: Deliver) -> AsyncIterator[tuple[str, ...]]:
        self.asked.append(uris)
        self.tells.append(tell)
        try:
            if self.slow is not None:
                await self.slow.wait()
            yield tuple(uri for uri in uris if uri.startswith("a:"))
        finally:
            self.left.set()


def updated(uri: str, **more: object) -> Params:
    return {"uri": encode_raw(uri), **{key: encode_raw(value) for key, value in more.items()}}


async def test_resources_are_watched_for_as_long_as_it_lasts() -> None:
    upstream = Upstream()
    async with serving(watch=upstream.watch) as served:
        async with connected(served) as client:
            asked = {"resourceSubscriptions": ["a:1", "b:2", "a:1"], "toolsListChanged": True}
            (acknowledged,) = await begin(client, served, asked)
            assert acknowledged["params"] == {
                "_meta": TAG,
                "notifications": {"toolsListChanged": True, "resourceSubscriptions": ["a:1"]},
            }
            assert upstream.asked == [("a:1", "b:2")]
            meta = {"x/y": 1, "io.modelcontextprotocol/subscriptionId": "theirs"}
            upstream.tells[0]("notifications/resources/updated", updated("a:1", _meta=meta, more=2))
            assert events_in(await client.part()) == [
                {
                    "jsonrpc": "2.0",
                    "method": "notifications/resources/updated",
                    "params": {"uri": "a:1", "more": 2, "_meta": {"x/y": 1, **TAG}},
                }
            ]
            assert not upstream.left.is_set()
        await upstream.left.wait()


async def test_updates_that_come_before_the_acknowledgment_wait_for_it_and_repeats_are_merged() -> None:
    upstream = Upstream(slow=trio.Event())
    async with serving(watch=upstream.watch) as served, connected(served) as client:
        assert upstream.slow is not None
        body = modern("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a:1"]}}, "sub")
        await client.send("POST", "/mcp", modern_headers("subscriptions/listen"), body)
        while not upstream.tells:
            await trio.lowlevel.checkpoint()
        for uri in ("a:1", "a:1", "a:1/below"):
            upstream.tells[0]("notifications/resources/updated", updated(uri))
        upstream.slow.set()
        await client.head()
        events = [*events_in(await client.part()), *events_in(await client.part())]
        assert [event["method"] for event in events] == [
            "notifications/subscriptions/acknowledged",
            "notifications/resources/updated",
            "notifications/resources/updated",
        ]


async def test_a_client_that_goes_before_the_acknowledgment_leaves_nothing_behind() -> None:
    upstream = Upstream(slow=trio.Event())
    async with serving(watch=upstream.watch) as served:
        async with connected(served) as client:
            body = modern("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a:1"]}}, "sub")
            await client.send("POST", "/mcp", modern_headers("subscriptions/listen"), body)
            while not upstream.tells:
                await trio.lowlevel.checkpoint()
        await upstream.left.wait()


async def test_a_stop_ends_a_watch_with_a_result() -> None:
    upstream = Upstream()
    async with serving(watch=upstream.watch) as served, connected(served) as client:
        await begin(client, served, {"resourceSubscriptions": ["a:1"]})
        served.stop.set()
        rest = b"".join([part async for part in client.parts()])
        assert events_in(rest) == [{"jsonrpc": "2.0", "id": "sub", "result": {"resultType": "complete", "_meta": TAG}}]
        await upstream.left.wait()


def listen_as_a_client_of_tasks(*task_ids: object) -> bytes:
    declared: dict[str, object] = {"extensions": {"io.modelcontextprotocol/tasks": {}}}
    message = json.loads(modern("subscriptions/listen", {"notifications": {"taskIds": task_ids}}, "sub"))
    message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = declared
    return json.dumps(message).encode()


async def test_tasks_are_watched_and_only_the_latest_news_of_each_wait() -> None:
    upstream = Upstream(slow=trio.Event())
    async with serving(watch_tasks=upstream.watch) as served, connected(served) as client:
        assert upstream.slow is not None
        headers = modern_headers("subscriptions/listen")
        await client.send("POST", "/mcp", headers, listen_as_a_client_of_tasks("a:1", "b:2"))
        while not upstream.tells:
            await trio.lowlevel.checkpoint()
        for task, status in (("a:1", "working"), ("a:2", "working"), ("a:1", "completed")):
            told: Params = {"taskId": encode_raw(task), "status": encode_raw(status)}
            upstream.tells[0]("notifications/tasks", told)
        upstream.slow.set()
        await client.head()
        acknowledged, *news = [*events_in(await client.part()), *events_in(await client.part())]
        assert acknowledged["params"] == {"_meta": TAG, "notifications": {"taskIds": ["a:1"]}}
        assert [event["params"] for event in news] == [
            {"taskId": "a:1", "status": "completed", "_meta": TAG},
            {"taskId": "a:2", "status": "working", "_meta": TAG},
        ]


async def test_who_does_not_declare_the_extension_cannot_listen_for_tasks() -> None:
    async with serving() as served:
        body = modern("subscriptions/listen", {"notifications": {"taskIds": ["a"]}})
        answer = await post(served, body, modern_headers("subscriptions/listen"))
        assert (answer.status, answer.error[0]) == (400, -32021)
        error = answer.json["error"]
        assert isinstance(error, dict)
        assert error["data"] == {"requiredCapabilities": {"extensions": {"io.modelcontextprotocol/tasks": {}}}}


async def test_more_resources_than_may_be_watched_are_not_honoured() -> None:
    upstream = Upstream()
    async with serving(watch=upstream.watch) as served, connected(served) as client:
        await begin(client, served, {"resourceSubscriptions": [f"a:{number}" for number in range(MAX_URIS + 1)]})
        assert len(upstream.asked[0]) == MAX_URIS


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"notifications": []},
        {"notifications": {"resourceSubscriptions": "a:1"}},
        {"notifications": {"resourceSubscriptions": [1]}},
        {"notifications": {"taskIds": "a"}},
    ],
)
async def test_without_an_object_of_kinds_it_is_refused(params: dict[str, object]) -> None:
    async with serving() as served:
        answer = await post(served, modern("subscriptions/listen", params), modern_headers("subscriptions/listen"))
        assert (answer.status, answer.error[0]) == (400, -32602)


async def test_a_client_that_takes_only_json_cannot_listen() -> None:
    async with serving() as served:
        headers = {**modern_headers("subscriptions/listen"), "accept": "application/json"}
        answer = await post(served, modern("subscriptions/listen", {"notifications": {}}), headers)
        assert answer.status == 406
