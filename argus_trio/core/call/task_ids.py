"""Task ids in results and params: where they stand, and how they are exchanged for those of the next hop.

In 2025-11-25: `taskId` of a task, the `task` of a `CreateTaskResult`, and `_meta` of whatever is related to a task.
In the extension `io.modelcontextprotocol/tasks`: `taskId` of a result whose type is `task`, and of a task.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from argus_trio.wire.envelope import Params, Raw, encode, encode_raw
from argus_trio.wire.members import has_member, int_member, mentions, object_or_none, string_member
from argus_trio.wire.passing.known_result import own_words
from argus_trio.wire.results import RELATED_TASK

EXTENSION: Final = "io.modelcontextprotocol/tasks"
"""The extension by which modern peers run tasks."""

Rename = Callable[[str, float | None], str]
"""Gives the next hop's id for a task id; it is told the task's life in seconds, where that is known."""

_TASK_ID: Final = b'"taskId"'
_RELATED: Final = RELATED_TASK.encode()


def serves_tasks(capabilities: Params) -> bool:
    """Whether a server with these capabilities may run tasks, by the protocol or by the extension."""
    return "tasks" in capabilities or has_member(capabilities.get("extensions"), EXTENSION)


def renamed_result(result: bytes, rename: Rename, *, is_task: bool, augmented: bool) -> bytes:
    """The raw result with its task ids renamed.

    `is_task` says that the result describes a task, `augmented` that it answers a call with a `task` member.
    """
    if _TASK_ID not in own_words(result):
        return result
    fields = object_or_none(result)
    if fields is None:
        return result
    if is_task or bytes(fields.get("resultType", b"")) == b'"task"':
        fields = renamed_task(fields, rename)
        augmented = True
    if augmented and "task" in fields:
        fields["task"] = _within(fields["task"], rename)
    return encode(renamed_related(fields, rename))


def renamed_task(fields: Params, rename: Rename) -> Params:
    """The members of a task with its `taskId` renamed."""
    task_id = task_id_of(fields)
    return fields if task_id is None else {**fields, "taskId": encode_raw(rename(task_id, life_of(fields)))}


def renamed_related(fields: Params, rename: Rename) -> Params:
    """The members of a result or of params, with the id renamed of the task that their `_meta` relates them to."""
    raw_meta = fields.get("_meta")
    if raw_meta is None or not mentions(raw_meta, _RELATED):
        return fields
    meta = object_or_none(raw_meta)
    if meta is None or RELATED_TASK not in meta:
        return fields
    return {**fields, "_meta": encode_raw({**meta, RELATED_TASK: _within(meta[RELATED_TASK], rename)})}


def task_id_of(fields: Params) -> str | None:
    """The id of a task with these members; None where they hold none."""
    return string_member(fields, "taskId")


def life_of(fields: Params) -> float | None:
    """The life of a task with these members, in seconds from its beginning; None where they say none."""
    for name in ("ttl", "ttlMs"):
        milliseconds = int_member(fields, name)
        if milliseconds is not None:
            with contextlib.suppress(OverflowError):  # more than a float can hold says nothing
                return milliseconds / 1000
    return None


def _within(raw: Raw, rename: Rename) -> Raw:
    fields = object_or_none(raw)
    return raw if fields is None else encode_raw(renamed_task(fields, rename))
