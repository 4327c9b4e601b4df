"""What changes the running gateway, over a real socket, with a fake of what does it."""

from __future__ import annotations

import pytest
import trio

from argus_trio.contract.problem import PROBLEMS
from argus_trio.core.control import (
    BackendUnknown,
    ChangedSince,
    ChangeFailed,
    ChangeRefused,
    ChangesUnserved,
    Checked,
    Differing,
    FileDifference,
    Hold,
)
from argus_trio.core.health.health import BackendStatus, Overview
from argus_trio.core.health.lifecycle import BackendStanding
from argus_trio.errors import Problem
from tests.frontend.support.control import FakeControl
from tests.frontend.support.serving import ask, serving

JSON = {"content-type": "application/json"}


def held() -> Overview:
    hold = Hold(kind="disable", by="ann", at=1.0)
    status = BackendStatus(name="files", type="stdio", standing=BackendStanding(since=0.0), counts={}, hold=hold)
    return Overview(backends=(status,))


@pytest.mark.parametrize("action", ["restart", "drain", "enable", "disable"])
async def test_a_change_is_answered_with_what_it_came_to_and_its_tag(action: str) -> None:
    control = FakeControl()
    async with serving(control=control, overview=held) as served:
        answer = await ask(served, "POST", f"/manage/v1/backends/files/{action}")
    assert (answer.status, answer.headers["etag"]) == (200, '"3f2a.7"')
    assert answer.json == {
        "name": "files",
        "action": action,
        "ok": True,
        "changed": True,
        "state": "disabled",
        "error": None,
        "by": "anonymous",
        "at": "2027-01-15T08:00:00.000Z",
        "duration_seconds": 0.25,
    }
    assert control.changes == [("files", action)]
    assert control.by == ["anonymous"]


async def test_a_restart_that_is_not_up_is_no_success() -> None:
    async with serving(control=FakeControl(error="no such program"), overview=held) as served:
        answer = await ask(served, "POST", "/manage/v1/backends/files/restart", JSON, body=b"{}")
    assert (answer.status, answer.json["ok"], answer.json["error"]) == (200, False, "no such program")


@pytest.mark.parametrize(
    ("tag", "status", "word"),
    [
        ('"3f2a.7"', 200, None),
        ("*", 200, None),
        ('"old"', 412, "changed_since"),
        ('W/"3f2a.7"', 412, "changed_since"),
        ("3f2a.7", 400, "bad_request"),
    ],
)
async def test_what_was_changed_since_is_left_alone(tag: str, status: int, word: str | None) -> None:
    control = FakeControl()
    async with serving(control=control) as served:
        answer = await ask(served, "POST", "/manage/v1/backends/files/drain", {"if-match": tag})
    assert (answer.status, answer.json.get("error")) == (status, word)
    assert len(control.changes) == (status == 200)


@pytest.mark.parametrize(
    ("refusal", "word"),
    [
        (BackendUnknown("files"), "unknown-backend"),
        (ChangedSince("it was"), "changed-since"),
        (ChangeRefused("the file disables it"), "backend-disabled"),
        (ChangesUnserved("the gateway is stopping"), "overloaded"),
        (ChangeFailed("internal error abc"), "internal"),
    ],
)
async def test_each_refusal_is_a_problem(refusal: Exception, word: str) -> None:
    async with serving(control=FakeControl(refusal=refusal)) as served:
        answer = await ask(served, "POST", "/manage/v1/backends/files/disable")
    assert answer.status == PROBLEMS[word].status
    assert ("retry-after" in answer.headers) == (word == "overloaded")
    assert (answer.headers["content-type"], answer.json["error"]) == (
        "application/problem+json",
        word.replace("-", "_"),
    )


async def test_a_body_that_says_something_is_refused() -> None:
    control = FakeControl()
    async with serving(control=control) as served:
        answer = await ask(served, "POST", "/manage/v1/backends/files/disable", JSON, body=b'{"force": true}')
    assert answer.status == 400
    assert control.changes == []


async def test_a_check_is_answered_with_all_that_is_found() -> None:
    problem = Problem(path="server.port", message="expected a number", hint="write 9000", line=3)
    control = FakeControl(checked=Checked(problems=(problem,), warnings=(Problem(path="", message="x"),)))
    async with serving(control=control) as served:
        answer = await ask(served, "POST", "/manage/v1/config/validate", JSON, body=b'{"text": "server: {port: x}"}')
    assert answer.status == 200
    assert answer.json == {
        "valid": False,
        "errors": ["server.port (line 3): expected a number; write 9000"],
        "problems": [{"path": "server.port", "message": "expected a number", "hint": "write 9000", "line": 3}],
        "warnings": [{"path": "", "message": "x", "hint": None, "line": None}],
        "backends": [],
    }
    assert control.texts == ["server: {port: x}"]


async def test_without_a_text_the_file_is_checked() -> None:
    control = FakeControl(checked=Checked(backends=("a", "b")))
    async with serving(control=control) as served:
        answer = await ask(served, "POST", "/manage/v1/config/validate")
    assert (answer.json["valid"], answer.json["backends"]) == (True, ["a", "b"])
    assert control.texts == [None]


@pytest.mark.parametrize("path", ["/manage/v1/reload", "/manage/v1/config/validate"])
async def test_where_there_is_no_file_that_is_the_problem(path: str) -> None:
    async with serving(control=FakeControl(report=None)) as served:
        answer = await ask(served, "POST", path)
        assert (answer.status, answer.json["error"]) == (409, "no_file")
        assert (await ask(served, "GET", "/manage/v1/reload")).status == 200


async def test_a_stop_is_answered_before_it_begins() -> None:
    control = FakeControl()
    async with serving(control=control) as served:
        answer = await ask(served, "POST", "/manage/v1/shutdown")
        assert (answer.status, answer.json) == (200, {"shutting_down": True, "timeout_seconds": 30.0})
        await control.stopped.wait()
    assert (control.by, control.drain) == (["anonymous"], 30.0)


@pytest.mark.parametrize(
    ("body", "drain"),
    [
        (b'{"timeout_seconds": 2.5}', 2.5),
        (b'{"timeout_seconds": 0}', 0.0),
        (b'{"timeout_seconds": null}', 30.0),
        (b'{"timeout_seconds": -1}', None),
        (b'{"timeout_seconds": 301}', None),
        (b'{"timeout_seconds": "2"}', None),
        (b'{"timeout": 2}', None),
    ],
)
async def test_a_stop_may_have_a_time_of_its_own(body: bytes, drain: float | None) -> None:
    control = FakeControl()
    async with serving(control=control) as served:
        answer = await ask(served, "POST", "/manage/v1/shutdown", JSON, body=body)
        if drain is None:
            assert answer.status == 400
            assert not control.stopped.is_set()
        else:
            assert answer.json["timeout_seconds"] == drain
            await control.stopped.wait()
    assert control.drain == drain


async def test_the_drain_of_a_stop_is_what_was_asked_for_whatever_the_settings_say() -> None:
    async with serving() as served:
        assert served.settings.drain_timeout == served.settings.now.server.drain_timeout
        served.settings.drain_within(0.05)
        served.stop.set()
        with trio.fail_after(3):
            await served.stopped.wait()
    assert served.settings.drain_timeout == 0.05


async def test_the_difference_of_the_file_is_told_place_by_place() -> None:
    entry = Differing(path="backends.files.args", kind="changed", file=["b"], running=["a"])
    control = FakeControl(differs=FileDifference(entries=(entry,), more=2))
    async with serving(control=control) as served:
        answer = await ask(served, "GET", "/manage/v1/config/difference")
    assert answer.json == {
        "file_path": None,
        "is_same": False,
        "entries": [{"path": "backends.files.args", "kind": "changed", "file": ["b"], "running": ["a"]}],
        "more": 2,
        "problems": [],
    }


async def test_a_file_that_cannot_be_loaded_is_not_the_same_and_says_why() -> None:
    problem = Problem(path="backends.x", message="it is wrong", line=3)
    async with serving(control=FakeControl(differs=FileDifference(problems=(problem,)))) as served:
        answer = await ask(served, "GET", "/manage/v1/config/difference")
    assert answer.json["is_same"] is False
    assert "it is wrong" in str(answer.json["problems"])


async def test_without_a_file_there_is_no_difference_to_tell() -> None:
    async with serving(control=FakeControl(report=None)) as served:
        answer = await ask(served, "GET", "/manage/v1/config/difference")
    assert answer.json["error"] == "no_file"
