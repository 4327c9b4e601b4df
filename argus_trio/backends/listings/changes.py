"""What is listed otherwise than before, and to whom: the catalogs of two moments, compared as each client sees them."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from argus_trio.core.call.abilities import NONE, Abilities, Audience
from argus_trio.core.catalog.catalog import KINDS, Catalog, changed_kinds
from argus_trio.core.catalog.restricted import RestrictedCatalogs, differing_kinds


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CatalogSnapshot:
    """The catalogs of a generation at one moment, and what of them is seen from where."""

    restricting: RestrictedCatalogs
    catalog: Catalog
    of_abilities: Mapping[Abilities, Catalog]

    def shown_to(self, audience: Audience) -> Catalog:
        """What this client is shown."""
        catalog = self.of_abilities.get(audience.abilities, self.catalog)
        return self.restricting.of(catalog, audience.principal.roles, audience.endpoint)


@attrs.define(eq=False, repr=False)
class CatalogChanges:
    """What is listed otherwise than before, and to whom: found out when it is asked for, for each kind of client."""

    by_abilities: Mapping[Abilities, frozenset[str]]
    """The kinds that have changed where nothing is hidden, by the abilities; NONE stands for all others too."""
    _before: CatalogSnapshot
    _now: CatalogSnapshot
    _found: dict[tuple[object, ...], frozenset[str]] = attrs.field(factory=dict, init=False)

    @property
    def catalogs(self) -> tuple[Catalog, Catalog]:
        """What clients without abilities were shown before, and are now."""
        return self._before.catalog, self._now.catalog

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that may have changed for anybody."""
        before, now = self._before, self._now
        if before.restricting is not now.restricting:
            if not (before.restricting.is_open and now.restricting.is_open):
                return frozenset(KINDS)
        elif not now.restricting.is_open:
            pairs = ((before.of_abilities.get(a, before.catalog), c) for a, c in now.of_abilities.items())
            each = [differing_kinds(*pair) for pair in ((before.catalog, now.catalog), *pairs)]
            return frozenset().union(*each)
        return frozenset().union(*self.by_abilities.values())

    def of(self, audience: Audience) -> frozenset[str]:
        """The kinds of which this client sees another list than before."""
        before, now = self._before.restricting, self._now.restricting
        if before.is_open and now.is_open and not audience.endpoint:
            return self.by_abilities.get(audience.abilities, self.by_abilities[NONE])
        roles, endpoint = audience.principal.roles, audience.endpoint
        key = (audience.abilities, endpoint, *(each.policy.perspective(roles, endpoint) for each in (before, now)))
        if key not in self._found:
            self._found[key] = changed_kinds(self._before.shown_to(audience), self._now.shown_to(audience))
        return self._found[key]
