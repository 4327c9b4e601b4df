"""What the front end asks before anything else: who may come in, and what there is for them outside of calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

import attrs

from argus_trio.core.access.arrival import Admit
from argus_trio.core.access.forwarded import NO_PROXIES, TrustedProxies
from argus_trio.core.access.principal import OPERATOR_ROLE, Principal

ManageRight = Literal["read", "operate", "admin"]
"""What the management API asks for: looking, acting on what runs, changing what there is."""


def anybody(_: Principal) -> bool:
    """Know every principal: nobody was asked who they are."""
    return True


def anybody_manages(_: Principal, __: ManageRight) -> bool:
    """Let everybody manage: nobody is asked who they are."""
    return True


def nobody_manages(principal: Principal, _: ManageRight) -> bool:
    """Let nobody manage but the operator: principals are known, and no rule gives any of them the right to."""
    return OPERATOR_ROLE in principal.roles


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Access:
    """Who may come in. One value for one configuration."""

    admit: Admit | None = None
    """Says who asks; None where nobody is asked, and everybody is anonymous."""
    authenticates: bool = False
    """Whether clients are asked who they are, some of whom may come in without saying so."""
    asks_everybody: bool = False
    """Whether nobody comes in who does not say who they are, so that it may be reached from anywhere."""
    may_manage: Callable[[Principal, ManageRight], bool] = anybody_manages
    knows: Callable[[Principal], bool] = anybody
    """Whether a principal that came in before could come in still; what belongs to others ends at a reload."""
    stands: Callable[[Principal], bool] = anybody
    """Whether the credential that a principal came in by lets it in just so still; what others opened ends at a
    reload."""
    views: frozenset[str] = frozenset()
    """The names of the endpoints beside `/mcp` and `/sse`."""
    documents: Mapping[str, bytes] = MappingProxyType({})
    """Metadata that anybody may read, as JSON by path (RFC 9728, 3.1)."""
    trusted_proxies: TrustedProxies = NO_PROXIES
    is_open: bool = attrs.field(init=False)
    """Whether nobody is asked anything, and nobody speaks for others."""

    @is_open.default
    def _is_open(self) -> bool:
        return self.admit is None and self.may_manage is anybody_manages and self.trusted_proxies == NO_PROXIES


OPEN: Final = Access()
"""The access of a configuration that asks nobody who they are."""
