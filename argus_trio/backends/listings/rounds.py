"""Listing several kinds at once: what came whole, what came in part, and what did not come and why.

A backend that declares none of what could be listed is asked once all the same: every SDK's client finds what such a
server lists. There a refusal is an answer: it has no such list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio import Value
from argus_trio.backends.connection.connection import Connection
from argus_trio.backends.listings.fetch import list_all, tell_cut
from argus_trio.backends.listings.listing import CAPABILITIES, METHODS
from argus_trio.backends.listings.pages import ListPages
from argus_trio.errors import HttpRefused, LinkFailed, RequestRefused
from argus_trio.wire.envelope import Params
from argus_trio.wire.error_objects import METHOD_UNKNOWN

log = structlog.get_logger()

UNDECLARED_SECONDS: Final = 5.0
"""How long a list may take that was not declared: some servers never answer what they do not know."""

_BUSY: Final = frozenset({408, 425, 429})
"""HTTP statuses below 500 that say of the moment, not of the request."""

KnownListing = dict[str, Sequence[tuple[str, Params]]]
"""What a backend listed last, by kind: key and members of each entry."""


class ListLate(LinkFailed):
    """A list did not come in time."""


@attrs.frozen(kw_only=True)
class ListOutcome(Value):
    """What came of listing some kinds."""

    lists: KnownListing = attrs.field(factory=dict)
    """The lists that came whole."""
    partial: KnownListing = attrs.field(factory=dict)
    """The pages that came of lists that then failed."""
    failures: Mapping[str, LinkFailed] = attrs.field(factory=dict)
    """Why the other lists did not come, by kind."""
    absent: frozenset[str] = frozenset()
    """The kinds of which the backend has no list at all: it says so, or declares none and lists nothing."""
    nameless: Mapping[str, int] = attrs.field(factory=dict)
    """How many entries of each kind were left out because nothing identifies them."""
    is_routine: bool = False
    """Whether nothing but the time that has passed gave rise to it."""
    unchanged: frozenset[str] = frozenset()
    """The kinds that the backend said have changed, and that are as they were. Empty while it says so without end."""

    @property
    def is_silence(self) -> bool:
        """Whether none of the lists that were asked for has been answered in time."""
        none_came = not self.lists and not self.partial and bool(self.failures)
        return none_came and all(isinstance(failure, ListLate) for failure in self.failures.values())

    def over(self, before: KnownListing | None) -> KnownListing:
        """What there is to show after `before`: what did not come stays as it was, or is what came of it."""
        return {**self.partial, **(before or {}), **self.lists}

    def instead_of(self, before: KnownListing | None) -> KnownListing:
        """The same where everything was asked for: of `before`, only what did not come stays."""
        kept = {kind: entries for kind, entries in (before or {}).items() if kind in self.failures}
        return {**self.partial, **kept, **self.lists}


async def list_kinds(
    connection: Connection,
    kinds: Collection[str],
    *,
    known: Collection[str] = (),
    begun: dict[str, ListPages] | None = None,
    seconds: float = inf,
    is_told: bool = False,
) -> ListOutcome:
    """What the backend lists of these kinds, fetched at once, each within `seconds`.

    `known` are the kinds that it has listed before: there a refusal is a failure, though nothing was declared.
    `begun` holds the pages of lists that failed before: those are read on from there; it is kept up to date. What is
    cut off is logged unless that `is_told` already; what fails, and what is wrong with entries, is for others to tell.
    """
    listing = _ListRound(
        connection=connection, known=known, begun={} if begun is None else begun, seconds=seconds, is_told=is_told
    )
    await listing.run(kinds)
    failures = listing.failures
    return ListOutcome(
        lists=listing.lists,
        partial={
            kind: list(pages.entries) for kind, pages in listing.begun.items() if kind in failures and pages.entries
        },
        failures=failures,
        absent=frozenset(listing.absent),
        nameless=listing.nameless,
    )


@attrs.define(eq=False, repr=False, kw_only=True)
class _ListRound:
    """One round of lists on its way."""

    connection: Connection
    known: Collection[str]
    begun: dict[str, ListPages]
    seconds: float
    is_told: bool
    lists: KnownListing = attrs.field(factory=dict, init=False)
    failures: dict[str, LinkFailed] = attrs.field(factory=dict, init=False)
    absent: set[str] = attrs.field(factory=set, init=False)
    nameless: dict[str, int] = attrs.field(factory=dict, init=False)
    _is_declared: bool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._is_declared = declares_lists(self.connection.handshake.capabilities)

    async def run(self, kinds: Collection[str]) -> None:
        declared = self.connection.handshake.capabilities
        async with trio.open_nursery() as nursery:
            for kind in kinds:
                if CAPABILITIES[kind] in declared or (not self._is_declared and kind != "templates"):
                    nursery.start_soon(self._fetch, kind)
        if not self._is_declared and "templates" in kinds and ("resources" not in kinds or self.lists.get("resources")):
            await self._fetch("templates")

    async def _fetch(self, kind: str) -> None:
        known = self.begun[kind].pages if kind in self.begun else 0
        try:
            await self._fetch_in_time(kind)
        except LinkFailed as failure:
            if _is_answer(failure, is_expected=self._is_declared or kind in self.known):
                self.begun.pop(kind, None)
                self.absent.add(kind)
                self.lists[kind] = []
                log.debug("backend_has_no_list", backend=self.connection.backend, kind=kind, reason=failure.reason)
            else:
                self.failures[kind] = failure
                if known and self.begun[kind].pages == known:
                    del self.begun[kind]  # its cursor may be void: the next time begins anew

    async def _fetch_in_time(self, kind: str) -> None:
        is_expected = self._is_declared or kind in self.known
        seconds = self.seconds if is_expected else min(self.seconds, UNDECLARED_SECONDS)
        with trio.move_on_after(seconds):
            await self._fetch_on(kind)
            return
        raise ListLate(f"it did not answer {METHODS[kind]} within {seconds:g} s")

    async def _fetch_on(self, kind: str) -> None:
        """Fetch a list, from where it failed the last time; all of it if the backend does not know that place."""
        was_begun = kind in self.begun
        pages = self.begun.setdefault(kind, ListPages())
        known = pages.pages
        try:
            self.lists[kind] = await list_all(self.connection, kind, pages)
        except RequestRefused:
            if not was_begun or pages.pages > known or not known:
                raise
            pages = self.begun[kind] = ListPages()
            self.lists[kind] = await list_all(self.connection, kind, pages)
        self.nameless[kind] = pages.invalid
        if not self.is_told:
            tell_cut(self.connection.backend, kind, pages)
        if not self._is_declared and not pages.entries:
            self.absent.add(kind)
        self.begun.pop(kind, None)


def declares_lists(capabilities: Params) -> bool:
    """Whether a server with these capabilities declares anything that can be listed."""
    return any(capability in capabilities for capability in CAPABILITIES.values())


def _is_answer(failure: LinkFailed, *, is_expected: bool) -> bool:
    """Whether a list that failed will fail again: the backend has none of this kind."""
    if isinstance(failure, RequestRefused):
        return failure.code == METHOD_UNKNOWN or not is_expected
    if is_expected:
        return False
    if isinstance(failure, HttpRefused):
        return 400 <= failure.status < 500 and failure.status not in _BUSY
    return isinstance(failure, ListLate)
