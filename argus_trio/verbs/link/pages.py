"""A long list as a whole: its pages one after another, put together as if they were one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from argus_trio.contract.operation import Operation
from argus_trio.manage_client.failure import CommandFailed
from argus_trio.verbs.link.client import ManageClient

MOST_PAGES: Final = 1000
"""The most pages of one list: a million entries. A gateway that goes on is at fault."""


def all_pages(client: ManageClient, operation: Operation, query: Mapping[str, str | int]) -> bytes:
    """The answer to an operation that answers by pages: the first one as it came, or all of them in one."""
    raw = client.fetch(operation, query=query)
    whole = client.decoded(raw, dict[str, msgspec.Raw])
    after = _next(whole)
    if not after:
        return raw
    for _ in range(MOST_PAGES):
        page = client.decoded(client.fetch(operation, query={**query, "after": after}), dict[str, msgspec.Raw])
        whole = {name: _joined(whole.get(name), value) for name, value in page.items()}
        after = _next(page)
        if not after:
            return msgspec.json.encode(whole)
    raise CommandFailed(f"the list of {operation.path} has no end")


def _next(page: Mapping[str, msgspec.Raw]) -> str:
    value = msgspec.json.decode(page["next"]) if "next" in page else None
    return value if isinstance(value, str) else ""


def _joined(before: msgspec.Raw | None, value: msgspec.Raw) -> msgspec.Raw:
    """Lists one after another, entries of objects together; of all else what the last page says."""
    first = bytes(value).lstrip()[:1]
    if before is None or first not in (b"[", b"{"):
        return value
    if first == b"[":
        entries = (
            *msgspec.json.decode(before, type=list[msgspec.Raw]),
            *msgspec.json.decode(value, type=list[msgspec.Raw]),
        )
        return msgspec.Raw(msgspec.json.encode(entries))
    members = msgspec.json.decode(before, type=dict[str, msgspec.Raw])
    return msgspec.Raw(msgspec.json.encode({**members, **msgspec.json.decode(value, type=dict[str, msgspec.Raw])}))
