"""Task ids in results and params: every place where one stands is renamed, and nothing else."""

from __future__ import annotations

import json

import pytest

from argus_trio.core.call.task_ids import life_of, renamed_related, renamed_result, serves_tasks, task_id_of
from argus_trio.wire.envelope import decode_object, encode

RELATED = {"io.modelcontextprotocol/related-task": {"taskId": "k", "x": 1}, "y": 2}


def rename(key: str, life: float | None) -> str:
    return f"{key}/{life}"


def result(*, is_task: bool = False, augmented: bool = False, **fields: object) -> object:
    raw = renamed_result(json.dumps(fields).encode(), rename, is_task=is_task, augmented=augmented)
    return json.loads(raw)


def test_a_created_task_is_renamed_with_its_life() -> None:
    made = result(augmented=True, task={"taskId": "k", "ttl": 2000, "status": "working"}, x=1)
    assert made == {"task": {"taskId": "k/2.0", "ttl": 2000, "status": "working"}, "x": 1}


def test_a_task_of_the_extension_is_renamed_wherever_its_id_stands() -> None:
    assert result(resultType="task", taskId="k", ttlMs=500) == {"resultType": "task", "taskId": "k/0.5", "ttlMs": 500}
    assert result(resultType="task", task={"taskId": "k"}) == {"resultType": "task", "task": {"taskId": "k/None"}}


def test_the_state_of_a_task_is_renamed() -> None:
    assert result(is_task=True, taskId="k", ttl=None, status="x") == {"taskId": "k/None", "ttl": None, "status": "x"}


def test_what_is_related_to_a_task_says_so_in_the_new_id() -> None:
    made = result(content=[], _meta=RELATED)
    assert made == {
        "content": [],
        "_meta": {"io.modelcontextprotocol/related-task": {"taskId": "k/None", "x": 1}, "y": 2},
    }


@pytest.mark.parametrize(
    "raw",
    [
        b'{"content":[{"taskId":"k"}],"taskId":"k","task":{"taskId":"k"}, "structuredContent":{"taskId":1.50e3}}',
        b'{"taskId":7}',
        b'["taskId"]',
        b'{"x":1}',
        b'{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":7}}}',
        b'{"_meta":{"io.modelcontextprotocol/related-task":"taskId"}}',
        b'{"_meta":"io.modelcontextprotocol/related-task taskId"}',
    ],
)
def test_what_is_no_task_id_is_left_alone(raw: bytes) -> None:
    made = renamed_result(raw, rename, is_task=False, augmented=False)
    assert made.replace(b" ", b"") == raw.replace(b" ", b"")


def test_params_without_a_relation_stay_the_same_object() -> None:
    params = decode_object(b'{"_meta":{"a":1}}')
    assert renamed_related(params, rename) is params
    assert encode(renamed_related({}, rename)) == b"{}"


def test_the_life_of_a_task_is_in_milliseconds_on_the_wire() -> None:
    assert life_of(decode_object(b'{"ttl":1500}')) == 1.5
    assert life_of(decode_object(b'{"ttl":null,"ttlMs":1}')) == 0.001
    assert life_of(decode_object(b'{"ttl":"x"}')) is None


def test_a_task_without_an_id_has_none() -> None:
    assert task_id_of(decode_object(b'{"taskId":"k"}')) == "k"
    assert task_id_of({}) is task_id_of(decode_object(b'{"taskId":7}')) is None


@pytest.mark.parametrize(
    ("capabilities", "served"),
    [
        (b'{"tasks":{}}', True),
        (b'{"extensions":{"io.modelcontextprotocol/tasks":{}}}', True),
        (b'{"extensions":{"io.modelcontextprotocol\\/tasks":{}}}', True),
        (b'{"extensions":{"x":"io.modelcontextprotocol/tasks"}}', False),
        (b'{"extensions":{"io.modelcontextprotocol/ui":{}},"tools":{}}', False),
    ],
)
def test_tasks_are_served_where_they_are_declared(capabilities: bytes, served: bool) -> None:
    assert serves_tasks(decode_object(capabilities)) is served
