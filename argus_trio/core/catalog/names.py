"""Which names the backends' tools and prompts are shown under, and which backend gets a name that several want.

The naming follows from what the backends show, the strategy, the order, and who held which name before. A bare name
stays with the backend that holds it for as long as that backend is configured: no name changes its meaning because a
backend was slow or is down.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from itertools import takewhile
from types import MappingProxyType
from typing import Final, Literal

import attrs

from argus_trio import Value

Strategy = Literal["prefix", "first-wins", "priority", "error"]

LONGEST_NAME: Final = 64
"""The longest name, in characters, that common clients accept."""
PORTABLE: Final = re.compile(r"[A-Za-z0-9_-]+")
"""The names, whatever their length, that common clients accept: what models are given as the names of functions."""


@attrs.frozen(kw_only=True)
class Scheme(Value):
    """How names of different backends are kept apart; see `conflict_resolution` in the configuration."""

    strategy: Strategy = "prefix"
    separator: str = "__"
    order: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Claim(Value):
    """One backend's claim to show something as `name`; `prefix` tells it apart from other backends."""

    backend: str
    prefix: str
    name: str


@attrs.frozen(kw_only=True)
class Collision(Value):
    """A name that two backends claimed: who has it (None: neither), who lost it, and how the loser is shown instead."""

    name: str
    winner: str | None
    loser: str
    rival: str = attrs.field()
    """The backend that the loser shares its claim with: the winner, where there is one."""
    shown_as: str | None = None

    @rival.default
    def _winner(self) -> str:
        return self.winner or ""


@attrs.frozen(kw_only=True)
class PairCollisions(Value):
    """All the names of one kind of outcome that two backends claimed both, in the order of the claims."""

    backends: tuple[str, str]
    """The rival and the loser of each collision."""
    winner: str | None
    """The backend whose the names are; None: neither is shown."""
    names: tuple[str, ...]
    renamed: int
    """How many of them the loser shows under another name."""


@attrs.frozen(kw_only=True)
class Naming(Value):
    """The names that all claims were given, in the order of the claims, and every collision that came up."""

    claims_by_name: Mapping[str, Claim]
    """Which claim each name that is shown belongs to."""
    collisions: tuple[Collision, ...]


def in_order(backends: Iterable[str], order: tuple[str, ...]) -> list[str]:
    """The backends by precedence: those that `order` names, in its order, then the others as they come."""
    known = list(backends)
    return [*(b for b in order if b in known), *(b for b in known if b not in order)]


def firm(backends: Iterable[str], order: tuple[str, ...], undecided: Container[str]) -> frozenset[str]:
    """The backends that keep what they are shown with: no backend before them, by precedence, is `undecided`.

    `undecided` are those whose claims are not known yet, and may still be made.
    """
    return frozenset(takewhile(lambda backend: backend not in undecided, in_order(backends, order)))


def new_collisions(before: Iterable[Collision], now: Iterable[Collision]) -> list[PairCollisions]:
    """The collisions of `now`, pair by pair of backends; of those pairs only that have one that is not in `before`."""
    known = set(before)
    pairs: dict[tuple[str, str, str | None], list[Collision]] = {}
    for collision in now:
        pairs.setdefault((collision.rival, collision.loser, collision.winner), []).append(collision)
    return [
        PairCollisions(
            backends=(rival, loser),
            winner=winner,
            names=tuple(collision.name for collision in collisions),
            renamed=sum(1 for collision in collisions if collision.shown_as is not None),
        )
        for (rival, loser, winner), collisions in pairs.items()
        if not known.issuperset(collisions)
    ]


def prefixed(claim: Claim, separator: str) -> str:
    """The claim's name behind its prefix; bare where the prefix is empty."""
    return f"{claim.prefix}{separator}{claim.name}" if claim.prefix else claim.name


def resolve(claims: Iterable[Claim], scheme: Scheme, holders: Mapping[str, str]) -> Naming:
    """The naming of these claims, which come by precedence; `holders` maps names to the backends that hold them."""
    wanted: dict[str, list[Claim]] = {}
    for claim in claims:
        name = prefixed(claim, scheme.separator) if scheme.strategy == "prefix" else claim.name
        wanted.setdefault(name, []).append(claim)
    claims_by_name: dict[str, Claim] = {}
    collisions: list[Collision] = []
    moved: list[tuple[str, Claim, str]] = []
    for name, rivals in wanted.items():
        winner = next((c for c in rivals if c.backend == holders.get(name)), rivals[0])
        losers = [c for c in rivals if c is not winner]
        hide_all = scheme.strategy == "error" and bool(losers)
        if not hide_all:
            claims_by_name[name] = winner
        for loser in losers:
            if scheme.strategy == "priority" and loser.backend != winner.backend:
                moved.append((name, loser, winner.backend))
            else:
                holder = None if hide_all else winner.backend
                collisions.append(Collision(name=name, winner=holder, loser=loser.backend, rival=winner.backend))
    for name, loser, winner_name in moved:
        other = prefixed(loser, scheme.separator)
        is_free = other not in claims_by_name
        if is_free:
            claims_by_name[other] = loser
        collisions.append(
            Collision(name=name, winner=winner_name, loser=loser.backend, shown_as=other if is_free else None)
        )
    return Naming(claims_by_name=claims_by_name, collisions=tuple(collisions))


@attrs.frozen(kw_only=True)
class NamingOf(Value):
    """How one backend's names are shown, as far as its configuration says so."""

    backend: str
    prefix: str
    renamed: Mapping[str, str] = MappingProxyType({})
    """The tools that are shown under another name before any prefix, by their own names."""

    def own_names(self, kind: str, bare: str) -> list[str]:
        """What the backend may call what is shown as `bare` before any prefix."""
        renamed = self.renamed if kind == "tool" else {}
        return [own for own, name in renamed.items() if name == bare] + ([] if bare in renamed else [bare])


@attrs.frozen(eq=False, repr=False)
class PossibleOwners:
    """The backends that may be behind a name, by the configuration alone: none of them is looked at."""

    scheme: Scheme
    namings: tuple[NamingOf, ...]
    _by_prefix: Mapping[str, NamingOf] = attrs.field(init=False)

    @_by_prefix.default
    def _with_prefixes(self) -> Mapping[str, NamingOf]:
        return {naming.prefix: naming for naming in self.namings if naming.prefix}

    def of(self, kind: str, shown: str) -> tuple[tuple[str, str], ...]:
        """The backends, each with its own name for the tool or prompt that is shown as `shown`.

        With prefixes it is one, unless a backend shows its names bare, or has a tool by the name that it gives another.
        """
        found: list[tuple[str, str]] = []
        prefix, separator, behind = shown.partition(self.scheme.separator)
        prefixed_by = self._by_prefix.get(prefix) if separator else None
        if prefixed_by is not None and self.scheme.strategy in ("prefix", "priority"):
            found += [(prefixed_by.backend, own) for own in prefixed_by.own_names(kind, behind)]
        bare = (each for each in self.namings if not each.prefix or self.scheme.strategy != "prefix")
        found += [(naming.backend, own) for naming in bare for own in naming.own_names(kind, shown)]
        return tuple(found)
