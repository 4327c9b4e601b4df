"""What of the gateway has changed and is to be asked again: at once where little changes, and never often where much
does. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.contract.backends import BACKEND, BACKENDS
from argus_trio.contract.capabilities import CAPABILITIES
from argus_trio.contract.clients import ME
from argus_trio.contract.health import STATUS
from argus_trio.tui.effect import Fetch

LISTS: Final[Mapping[str, Fetch]] = {
    each.name: each
    for each in (
        Fetch(operation=ME),
        Fetch(operation=STATUS),
        Fetch(operation=BACKENDS),
        Fetch(operation=CAPABILITIES, has_pages=True),
    )
}
"""What is asked as a whole, by the names of the requests."""
ME_NAME, STATUS_NAME, BACKENDS_NAME, CAPABILITIES_NAME = LISTS
MOST_BACKENDS_ALONE: Final = 4
"""How many backends are asked for one by one; where more have changed, all of them are asked for at once."""
MOST_A_SECOND: Final = 3
"""How often one backend is asked for in a second: it starts in a few states that follow each other. A whole list is
asked for once."""


@attrs.frozen(kw_only=True)
class Asking(Value):
    """What is under way, what is wanted, and what has been asked for since the last second began."""

    under_way: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    """Names of lists that are wanted."""
    backends: frozenset[str] = frozenset()
    """Backends that are wanted."""
    spent: Mapping[str, int] = attrs.field(factory=dict)

    def wanting(self, lists: Iterable[str] = (), backends: Iterable[str] = ()) -> Asking:
        """The same with more that is wanted."""
        return attrs.evolve(self, lists=self.lists | {*lists}, backends=self.backends | {*backends})

    def answered(self, request: Fetch) -> Asking:
        """The same after an answer, or none."""
        return attrs.evolve(self, under_way=self.under_way - {request.name})

    def later(self) -> Asking:
        """The same in the next second."""
        return attrs.evolve(self, spent={}) if self.spent else self

    def sent(self) -> tuple[Asking, tuple[Fetch, ...]]:
        """What may be asked now; the rest waits for an answer, or for the next second."""
        lists, backends = self.lists, self.backends
        alone = {name for name in self.spent if name not in LISTS} | {_of_backend(name).name for name in backends}
        if backends and len(alone) > MOST_BACKENDS_ALONE:
            lists, backends = lists | {BACKENDS_NAME}, frozenset()
        if BACKENDS_NAME in lists:  # which has them all
            backends = frozenset()
        ready = [LISTS[name] for name in LISTS if name in lists and self._may(name, 1)]
        alone_now = {name: _of_backend(name) for name in sorted(backends)}
        ready += [each for each in alone_now.values() if self._may(each.name, MOST_A_SECOND)]
        names = frozenset(each.name for each in ready)
        asking = Asking(
            under_way=self.under_way | names,
            lists=lists - names,
            backends=frozenset(name for name, each in alone_now.items() if each.name not in names),
            spent={**self.spent, **{name: self.spent.get(name, 0) + 1 for name in names}} if names else self.spent,
        )
        return asking, tuple(ready)

    def _may(self, name: str, most: int) -> bool:
        return name not in self.under_way and self.spent.get(name, 0) < most


def _of_backend(name: str) -> Fetch:
    return Fetch(operation=BACKEND, path={"name": name})
