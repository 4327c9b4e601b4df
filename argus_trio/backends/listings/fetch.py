"""Fetching a list from a backend: page after page, within the bounds of `pages.py`."""

from __future__ import annotations

import msgspec
import structlog

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.listings.listing import METHODS, ListPage, read_page
from argus_trio.backends.listings.pages import ListPages
from argus_trio.core.catalog.catalog import LIST_KEYS
from argus_trio.errors import LinkFailed, ParseFailed
from argus_trio.wire.envelope import Params, require_depth

log = structlog.get_logger()


async def list_all(connection: Connection, kind: str, pages: ListPages | None = None) -> list[tuple[str, Params]]:
    """Every entry of one kind that the backend lists: key and members of each. Has no deadline of its own.

    What is cut off or invalid is left out. That is logged, unless the caller brings `pages`, which say it: then this
    begins where they end, and adds to them. What they hold after a failure are the pages that came.

    Raises:
        LinkFailed: the link died, or the backend refused the list, or its answer is none.
    """
    is_told = pages is not None
    pages = ListPages() if pages is None else pages
    is_more = True
    while is_more:
        page, size = await _page(connection, kind, pages.cursor)
        if page.invalid and not is_told:
            log.warning("backend_entries_invalid", backend=connection.backend, kind=kind, count=page.invalid)
        is_more = pages.add(page, size)
    if not is_told:
        tell_cut(connection.backend, kind, pages)
    return pages.entries


def tell_cut(backend: str, kind: str, pages: ListPages) -> None:
    """Log what of a list was left out because it is too much, if anything."""
    if pages.cut:
        facts = {"kept": len(pages.entries), "pages": pages.pages, "reason": pages.cut}
        log.warning("backend_list_cut", backend=backend, kind=kind, **facts)


async def _page(connection: Connection, kind: str, cursor: msgspec.Raw | None) -> tuple[ListPage, int]:
    method = METHODS[kind]
    result = await connection.ask(method, {} if cursor is None else {"cursor": cursor})
    try:
        require_depth(result)  # it becomes part of the list of all backends
        return read_page(kind, LIST_KEYS[kind], result), len(result)
    except (msgspec.DecodeError, ParseFailed) as fault:
        raise LinkFailed(f"its answer to {method} is no list: {fault}") from None
