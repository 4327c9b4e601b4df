"""What one backend shows: to clients that declare nothing, and to each distinct set of abilities that a client has.

What a legacy backend lists can depend on what its client can do: each set gets a listing of its own, made once over a
connection that declares just that set, kept, and made again when the backend says that something has changed.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import structlog
import trio

from argus_trio.backends.dedicated import Dedicated
from argus_trio.backends.lister import Kept, list_kinds
from argus_trio.core.abilities import NONE, Abilities
from argus_trio.core.catalog import KINDS
from argus_trio.core.redaction import Redactor
from argus_trio.errors import BackendUnavailable

log = structlog.get_logger()


@attrs.define(eq=False)
class Shown:
    """The listings, by abilities. `on_published` is called when one has changed; `seconds` bounds the making of one."""

    backend: str
    redact: Redactor
    seconds: float
    on_published: Callable[[], None]
    _kept: dict[Abilities, Kept] = attrs.field(factory=dict)
    _made: dict[Abilities, trio.Event] = attrs.field(factory=dict)

    def of(self, abilities: Abilities) -> Kept | None:
        """What clients with `abilities` are shown; what all are, as long as theirs is not made; None: nothing known."""
        kept = self._kept.get(abilities)
        return self._kept.get(NONE) if kept is None else kept

    def inherit(self, old: Shown) -> None:
        """Show what another did, as long as nothing has been listed here; without telling of it."""
        self._kept = dict(old._kept)

    def begin(self, kept: Kept) -> None:
        """There is a new shared connection, which lists this; whatever was made over an earlier one is made anew."""
        self._kept, self._made = {NONE: kept}, {}
        self.on_published()

    def keep(self, abilities: Abilities, kept: Kept) -> None:
        """This has been listed for clients with `abilities`: everything, or the kinds that changed."""
        self._kept[abilities] = {**self._kept.get(abilities, {}), **kept}
        self.on_published()

    def relisted(self, dedicated: Dedicated, kept: Kept) -> None:
        """The shared connection lists this now; what clients with abilities are shown may have changed with it."""
        self.keep(NONE, kept)
        for abilities in self._made:
            self._start(dedicated, abilities)

    async def make(self, dedicated: Dedicated, abilities: Abilities) -> None:
        """See to it that there is a listing for `abilities`, or that the attempt to make one has failed."""
        self.make_soon(dedicated, abilities)
        await self._made[abilities].wait()

    def make_soon(self, dedicated: Dedicated, abilities: Abilities) -> None:
        """As `make`, without waiting for it."""
        if abilities not in self._made:
            self._start(dedicated, abilities)

    def _start(self, dedicated: Dedicated, abilities: Abilities) -> None:
        made = self._made[abilities] = trio.Event()
        dedicated.nursery.start_soon(self._list, dedicated, abilities, made)

    async def _list(self, dedicated: Dedicated, abilities: Abilities, made: trio.Event) -> None:
        try:
            with trio.move_on_after(self.seconds):
                async with dedicated.borrowed(abilities) as connection:
                    self.keep(abilities, await list_kinds(connection, KINDS, self.redact))
        except BackendUnavailable as unavailable:
            log.info("backend_list_for_client_failed", backend=self.backend, reason=unavailable.message)
        finally:
            made.set()
