"""The tasks of one connection: what begins and ends them, how long they count as running, and their tokens."""

from __future__ import annotations

import json
from math import inf

import pytest

from argus_trio.backends.connection.running_tasks import MAX_RUNNING, UNLIMITED_SECONDS, RunningTasks
from argus_trio.wire.envelope import encode_raw
from tests.backends.support.fakes import Json, raw

TOKEN = encode_raw("p")


def created(key: str = "k", ttl: object = 60_000, **more: object) -> bytes:
    return json.dumps({"task": {"taskId": key, "status": "working", "ttl": ttl, **more}}).encode()


def begun(result: bytes, now: float = 100.0, request: int = 7) -> RunningTasks:
    tasks = RunningTasks()
    tasks.begun(result, now, request=request, token=TOKEN)
    return tasks


def token(number: object = 7) -> Json:
    return {"progressToken": number, "progress": 1}


def test_a_task_of_either_era_runs_for_its_ttl() -> None:
    modern = b'{"resultType":"task","taskId":"k","status":"working","ttlMs":60000}'
    for result in (created(), modern):
        tasks = begun(result)
        assert "k" in tasks
        assert tasks.until == 160.0
    assert RunningTasks().until == -inf


@pytest.mark.parametrize(
    "result",
    [b"{}", b'{"taskId":"k","status":"working"}', b'{"task":["taskId"]}', b'{"task":{"taskId":1}}', b'["taskId"'],
)
def test_what_creates_no_task_begins_none(result: bytes) -> None:
    assert begun(result).until == -inf


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_it_ends_with_a_terminal_status_and_is_still_known_to_be_from_here(status: str) -> None:
    tasks = begun(created())
    assert not tasks.heard(raw({"taskId": "k", "status": "input_required", "ttl": 60_000}), 120.0)
    assert not tasks.heard(raw({"taskId": "other", "status": status}), 120.0)
    assert not tasks.heard(raw({"taskId": "k"}), 120.0)
    assert tasks.until == 160.0
    assert tasks.heard(raw({"taskId": "k", "status": status}), 130.0)
    assert not tasks.heard(raw({"taskId": "k", "status": status}), 131.0)
    assert tasks.until <= 131.0
    assert "k" in tasks


def test_its_final_result_ends_it() -> None:
    tasks = begun(created())
    tasks.ended("other", 110.0)
    assert tasks.until == 160.0
    tasks.ended("k", 110.0)
    assert tasks.until == 110.0


def test_a_ttl_that_changes_counts_from_the_beginning() -> None:
    tasks = begun(created())
    tasks.heard(raw({"taskId": "k", "status": "working", "ttl": 600_000}), 150.0)
    assert tasks.until == 700.0


def test_a_task_without_an_end_runs_for_an_hour_after_it_was_last_heard_of() -> None:
    tasks = begun(created(ttl=None))
    assert tasks.until == 100.0 + UNLIMITED_SECONDS
    tasks.heard(raw({"taskId": "k", "status": "working", "ttl": None}), 1000.0)
    assert tasks.until == 1000.0 + UNLIMITED_SECONDS


def test_a_progress_token_is_valid_for_as_long_as_the_task_runs() -> None:
    tasks = begun(created())
    task = tasks.of_token(raw(token()), 159.0)
    assert task is not None
    assert (task.key, task.token) == ("k", TOKEN)
    for odd in (token(8), token("odd"), {}):
        assert tasks.of_token(raw(odd), 101.0) is None
    assert tasks.of_token(raw(token()), 160.0) is None
    tasks.heard(raw({"taskId": "k", "status": "completed"}), 110.0)
    assert tasks.of_token(raw(token()), 110.0) is None


def test_past_the_limit_the_oldest_is_forgotten_with_its_token() -> None:
    tasks = RunningTasks()
    for number in range(MAX_RUNNING + 1):
        tasks.begun(created(f"k{number}"), 100.0, request=number, token=TOKEN)
    assert "k0" not in tasks
    assert "k1" in tasks
    assert tasks.of_token(raw(token(0)), 100.0) is None
    assert tasks.of_token(raw(token(1)), 100.0) is not None
