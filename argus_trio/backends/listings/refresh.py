"""Listing again what a backend says has changed, what did not come, and what cannot be taken to be true any longer.

One round of lists is fetched in `rounds.py`; what is to be listed when, and how it stands, is in `pending.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import structlog
import trio

from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.listings.pending import PendingChanges
from argus_trio.backends.listings.rounds import ListLate, ListOutcome, list_kinds
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.core.catalog.storm import LONGEST_VAIN_SECONDS, Storm, StormNews

log = structlog.get_logger()


async def list_first(connection: Connection, changes: PendingChanges, seconds: float) -> ListOutcome:
    """List everything over a new connection, each list within `seconds`; `changes` is to be told of it by `begin`."""
    return await list_kinds(connection, KINDS, known=changes.known, begun=changes.fresh(), seconds=seconds)


async def keep_listed(
    connection: Connection, changes: PendingChanges, seconds: float, publish: Callable[[ListOutcome], None]
) -> None:
    """List again what is due, one round of at most `seconds` at a time, and `publish` that, until cancelled.

    A list that takes longer is logged and asked for again, at once if it has changed: no change is forgotten. The
    rounds of a backend that reports changes without end come ever later, the later if nothing has changed
    (`core/catalog/storm.py`).
    """
    storm, backend = changes.storm, connection.backend
    told: frozenset[str] = frozenset()
    while True:
        due = await changes.wait()
        if not due.kinds:
            log.info("backend_list_storm_over", backend=backend, heard=storm.heard, rounds=storm.looks)
            storm.end()
            continue
        listed = await list_kinds(
            connection, due.kinds, known=changes.known, begun=changes.begun, seconds=seconds, is_told=True
        )
        failed_before = set(changes.faults)
        changed = changes.note(listed, backend)
        # Clients are told what the backend says; but what it says without end, and means nothing, once.
        told = told if storm.looks else frozenset()
        unchanged = (due.heard & listed.lists.keys()) - changed - told
        told |= unchanged | changed
        publish(attrs.evolve(listed, is_routine=due.is_routine, unchanged=unchanged))
        if due.heard:
            # A list that does not come is not one in which nothing changes.
            found_news = bool(changed) or bool(listed.failures)
            _tell(storm.looked(trio.current_time(), found_news=found_news), storm, backend)
        late = tuple(kind for kind, failure in listed.failures.items() if isinstance(failure, ListLate))
        if late:
            tell = log.debug if failed_before.issuperset(late) else log.warning
            tell("backend_relist_late", backend=backend, kinds=list(late), seconds=seconds)
            # What is late and was not heard of comes again as what failed does.
            changes.again(tuple(kind for kind in late if kind in due.heard))


def _tell(news: StormNews | None, storm: Storm, backend: str) -> None:
    facts = {"backend": backend, "heard": storm.heard, "rounds": storm.looks}
    match news:
        case StormNews.BEGAN:
            log.warning("backend_list_storm", **facts)
        case StormNews.SLOWED:
            log.warning("backend_list_storm_slowed", **facts, unchanged=storm.vain, longest_wait=LONGEST_VAIN_SECONDS)
        case StormNews.RESUMED:
            log.info("backend_list_storm_resumed", **facts)
        case None:
            pass
