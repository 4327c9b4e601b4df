"""Where task ids stand in results and params, and how they are exchanged for those of the next hop. Raw in, raw out.

Of 2025-11-25: `taskId` of a task, the `task` of a `CreateTaskResult`, and `_meta` of whatever is related to a task.
Of the extension `io.modelcontextprotocol/tasks`: `taskId` of a result whose type is `task`, and of a task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from argus_trio.wire.envelope import Params, decode_object, encode, encode_raw
from argus_trio.wire.members import string_member
from argus_trio.wire.results import RELATED_TASK

EXTENSION: Final = "io.modelcontextprotocol/tasks"

Rename = Callable[[str, float | None], str]
"""The id of the next hop for one id, given the task's life in seconds where it is known."""

_TASK_ID: Final = b'"taskId"'
_RELATED: Final = RELATED_TASK.encode()


def serves_tasks(capabilities: Params) -> bool:
    """Whether a server with these capabilities may run tasks, of either kind."""
    return "tasks" in capabilities or EXTENSION.encode() in bytes(capabilities.get("extensions", b""))


def renamed_result(result: bytes, rename: Rename, *, is_task: bool, augmented: bool) -> bytes:
    """A result with its task ids renamed; `is_task`: it describes one, `augmented`: it answers a call with `task`."""
    if _TASK_ID not in result:
        return result
    try:
        fields = decode_object(result)
    except msgspec.DecodeError:
        return result
    if is_task or bytes(fields.get("resultType", b"")) == b'"task"':
        fields = renamed_task(fields, rename)
        augmented = True
    if augmented and "task" in fields:
        fields["task"] = _within(fields["task"], rename)
    return encode(renamed_related(fields, rename))


def renamed_task(fields: Params, rename: Rename) -> Params:
    """The members of a task, its `taskId` renamed."""
    task_id = task_id_of(fields)
    return fields if task_id is None else {**fields, "taskId": encode_raw(rename(task_id, life_of(fields)))}


def renamed_related(fields: Params, rename: Rename) -> Params:
    """The members of a result or of params, the task renamed that their `_meta` says they are related to."""
    raw_meta = fields.get("_meta")
    if raw_meta is None or _RELATED not in bytes(raw_meta):
        return fields
    try:
        meta = decode_object(raw_meta)
        return {**fields, "_meta": encode_raw({**meta, RELATED_TASK: _within(meta[RELATED_TASK], rename)})}
    except (KeyError, msgspec.DecodeError):
        return fields


def task_id_of(fields: Params) -> str | None:
    """The id of a task, by its members."""
    return string_member(fields, "taskId")


def life_of(fields: Params) -> float | None:
    """The life of a task, in seconds from its beginning, as its members say it; None where they say none."""
    for name in ("ttl", "ttlMs"):
        try:
            return msgspec.json.decode(fields[name], type=int) / 1000
        except (KeyError, msgspec.DecodeError, OverflowError):
            continue
    return None


def _within(raw: msgspec.Raw, rename: Rename) -> msgspec.Raw:
    try:
        return encode_raw(renamed_task(decode_object(raw), rename))
    except msgspec.DecodeError:
        return raw
