"""All pages of a long list, put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import attrs

from argus_trio.manage_client.requests import ApiQuery
from argus_trio.tui.effect import Fetch

MOST_PAGES: Final = 100
"""How many pages are fetched of one list; of a longer one the answer keeps its `next`, so that it is seen to be cut."""
MOST_LIST_BYTES: Final = 128 * 1024 * 1024
"""How much of one list is fetched; what happens beyond is the same."""
AskForPage = Callable[[Fetch, ApiQuery], Awaitable[tuple[bytes, object]]]
"""Asks for one page: the answer as it came, and as the contract has it."""


async def whole_list(ask: AskForPage, effect: Fetch) -> tuple[bytes, object]:
    """The first page as it came, and the whole. Raises CommandFailed."""
    raw, whole = await ask(effect, effect.query)
    size = len(raw)
    for _ in range(MOST_PAGES - 1):
        after: str | None = getattr(whole, "next", None)
        if after is None or size > MOST_LIST_BYTES:
            break
        more, page = await ask(effect, {**effect.query, "after": after})
        size += len(more)
        whole = joined(whole, page)
    return raw, whole


def joined(before: Any, page: Any) -> object:
    """Two pages of the same kind as one: lists behind each other, tables together, all else as the later one says."""
    members: dict[str, object] = {}
    for field in attrs.fields(type(before)):
        old, new = getattr(before, field.name), getattr(page, field.name)
        if isinstance(old, tuple):
            members[field.name] = (*old, *new)
        elif isinstance(old, dict):
            members[field.name] = {**old, **new}
        else:
            members[field.name] = new
    return type(before)(**members)
