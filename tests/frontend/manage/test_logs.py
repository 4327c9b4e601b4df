"""`/manage/v1/logs/{backend}` and `/manage/v1/log-level` over a real socket."""

from __future__ import annotations

from contextlib import aclosing

import msgspec
import pytest
import trio

from argus_trio.config.model.backend import HttpBackend
from argus_trio.config.model.config import Config
from argus_trio.contract.settings import LogsAnswer
from argus_trio.core.backend_log import BackendLogs
from argus_trio.frontend.gateway import Management, News
from tests.frontend.support.serving import Answer, Served, ask, connected, serving

LOGS = "/manage/v1/logs/files"


def management() -> Management:
    lines = News()
    backend = HttpBackend(name="files", url="http://127.0.0.1:1/mcp")
    return Management(
        config=lambda: Config(backends={"files": backend}),
        instance="i",
        logs=BackendLogs(now=lambda: 1_750_000_000.0, on_added=lines.wake),
        lines=lines,
    )


def ids(answer: Answer) -> list[str]:
    """The ids of the lines in an answer."""
    return [line.id for line in msgspec.json.decode(answer.body, type=LogsAnswer).lines]


async def test_lines_come_with_their_source_and_the_id_to_go_on_from() -> None:
    known = management()
    known.logs.of("files").add("stderr", "boo")
    known.logs.of("files").add("exit", "exited with code 3")
    async with serving(management=known) as served:
        answer = await ask(served, "GET", LOGS)
        assert answer.json == {
            "backend": "files",
            "gap": False,
            "lines": [
                {"id": "i-1", "timestamp": "2025-06-15T15:06:40.000Z", "source": "stderr", "text": "boo"},
                {"id": "i-2", "timestamp": "2025-06-15T15:06:40.000Z", "source": "exit", "text": "exited with code 3"},
            ],
        }
        assert ids(await ask(served, "GET", f"{LOGS}?since=i-1")) == ["i-2"]
        assert ids(await ask(served, "GET", f"{LOGS}?limit=1")) == ["i-2"]


@pytest.mark.parametrize("since", ["other-1", "nonsense", "i-x"])
async def test_an_id_of_another_start_is_told_as_a_gap(since: str) -> None:
    known = management()
    known.logs.of("files").add("stderr", "boo")
    async with serving(management=known) as served:
        answer = await ask(served, "GET", f"{LOGS}?since={since}")
    assert (answer.json["gap"], len(ids(answer))) == (True, 1)


@pytest.mark.parametrize("path", ["/manage/v1/logs/none", "/manage/v1/logs/none?follow=true"])
async def test_a_backend_that_is_not_there_is_a_problem(path: str) -> None:
    async with serving(management=management()) as served:
        answer = await ask(served, "GET", path)
    assert (answer.status, answer.json["type"]) == (404, "/manage/v1/problems/unknown-backend")


async def followed(served: Served, path: str, known: Management, wanted: bytes, text: str) -> bytes:
    """What a stream brings until `wanted` is in it, with a line added once it is open."""
    seen = b""
    async with connected(served) as client:
        await client.send("GET", path)
        status, _ = await client.head()
        assert status == 200
        with trio.fail_after(5):
            async with aclosing(client.parts()) as parts:
                async for part in parts:
                    seen += part
                    if wanted in seen:
                        return seen
                    if text:
                        known.logs.of("files").add("stderr", text)
                        text = ""
    raise AssertionError(seen)


async def test_a_stream_brings_what_there_is_and_then_what_comes() -> None:
    known = management()
    known.logs.of("files").add("stderr", "early")
    async with serving(management=known) as served:
        seen = await followed(served, f"{LOGS}?follow=true", known, b"late", "late")
    assert seen.index(b"early") < seen.index(b"late")
    assert b"event: line\nid: i-1\n" in seen
    assert b"event: gap" not in seen


async def test_a_stream_goes_on_after_an_id_and_tells_a_gap_where_it_is_not_known() -> None:
    known = management()
    known.logs.of("files").add("stderr", "one")
    known.logs.of("files").add("stderr", "two")
    async with serving(management=known) as served:
        seen = await followed(served, f"{LOGS}?follow=true&since=i-1", known, b"two", "")
        assert b"one" not in seen
        seen = await followed(served, f"{LOGS}?follow=true&since=before-9", known, b"two", "")
        assert seen.index(b"event: gap") < seen.index(b'"since":"before-9"') < seen.index(b'"one"')


async def test_the_level_of_the_log_is_told_and_changed_and_noted() -> None:
    known = management()
    async with serving(management=known) as served:
        assert (await ask(served, "GET", "/manage/v1/log-level")).json == {"level": "info"}
        answer = await ask(served, "POST", "/manage/v1/log-level", body=b'{"level": "error"}')
        assert (answer.status, answer.json) == (200, {"level": "error"})
        assert (known.log_level.name, known.log_level.number) == ("error", 40)
        wrong = await ask(served, "POST", "/manage/v1/log-level", body=b'{"level": "loud"}')
        assert (wrong.status, wrong.json["error"]) == (400, "bad_request")
        assert b"loud" in wrong.body
    events, _ = known.journal.since(0)
    assert [event.stage for event in events] == ["log_level_changed"]
    assert known.log_level.name == "error"
