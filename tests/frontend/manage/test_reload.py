"""`/manage/v1/reload` over a real socket, with a fake of what reloads."""

from __future__ import annotations

import attrs
import pytest

from argus_trio.core.reload_report import AppliedConfig, ReloadReport
from argus_trio.errors import Problem
from tests.frontend.support.control import DONE, FakeControl
from tests.frontend.support.serving import ask, serving

REFUSED = attrs.evolve(
    DONE,
    is_applied=False,
    applied=AppliedConfig(generation=3, untouched=("e",)),
    needs_restart=(),
    problems=(
        Problem(path="server.port", message="expected a number", hint="write 9000", line=3),
        Problem(path="", message="x"),
    ),
)


async def test_a_reload_is_answered_with_all_that_came_of_it() -> None:
    async with serving(control=FakeControl(DONE)) as served:
        answer = await ask(served, "POST", "/manage/v1/reload")
    assert answer.status == 200
    assert answer.json == {
        "reloaded": True,
        "backends_added": ["a"],
        "backends_removed": ["b"],
        "backends_changed": ["c"],
        "errors": [],
        "backends_adjusted": ["d"],
        "backends_untouched": ["e"],
        "not_ready": ["a", "c"],
        "still_starting": ["a"],
        "unchanged": False,
        "needs_restart": ["server.port"],
        "generation": 4,
        "problems": [],
        "triggers": ["request"],
        "at": "2026-11-22T12:00:00.000Z",
        "duration_seconds": 1.235,
    }


async def test_an_invalid_file_is_answered_with_every_problem() -> None:
    async with serving(control=FakeControl(REFUSED)) as served:
        answer = await ask(served, "POST", "/manage/v1/reload", body=b"{}")
    assert answer.status == 422
    assert answer.json["reloaded"] is False
    assert answer.json["errors"] == ["server.port (line 3): expected a number; write 9000", "x"]
    assert answer.json["problems"] == [
        {"path": "server.port", "message": "expected a number", "hint": "write 9000", "line": 3},
        {"path": "", "message": "x", "hint": None, "line": None},
    ]


@pytest.mark.parametrize(
    ("report", "status", "error"),
    [
        (
            attrs.evolve(REFUSED, problems=(), error_id="abc"),
            500,
            "internal error abc; the log tells more under this id",
        ),
        (attrs.evolve(REFUSED, problems=(), is_stopping=True), 503, "the gateway is stopping"),
    ],
)
async def test_other_ends_have_their_status(report: ReloadReport, status: int, error: str) -> None:
    async with serving(control=FakeControl(report)) as served:
        answer = await ask(served, "POST", "/manage/v1/reload")
    assert (answer.status, answer.json["errors"]) == (status, [error])


async def test_the_last_report_is_there_to_be_read() -> None:
    control = FakeControl(REFUSED)
    async with serving(control=control) as served:
        assert (await ask(served, "GET", "/manage/v1/reload")).json["generation"] == 4
        await ask(served, "POST", "/manage/v1/reload")
        answer = await ask(served, "GET", "/manage/v1/reload")
    assert (answer.status, answer.json["generation"], answer.json["reloaded"]) == (200, 3, False)
    assert control.count == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"host": "evil.example"}, 421),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://localhost:3000"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
)
async def test_a_page_of_another_site_cannot_cause_one(headers: dict[str, str], status: int) -> None:
    control = FakeControl(DONE)
    async with serving(control=control) as served:
        answer = await ask(served, "POST", "/manage/v1/reload", headers)
        assert answer.status == status
        assert "access-control-allow-origin" not in answer.headers
    assert control.count == (status == 200)


async def test_other_methods_are_refused() -> None:
    async with serving(control=FakeControl(DONE)) as served:
        answer = await ask(served, "DELETE", "/manage/v1/reload")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")


async def test_without_a_file_there_is_nothing_to_reload() -> None:
    async with serving() as served:
        assert (await ask(served, "POST", "/manage/v1/reload")).status == 404
