"""How names of backends stay apart: the original's way, with its defaults, so that clients see the same names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.check.check import is_separable
from argus_trio.config.model.naming import BACKEND_NAME, NAME_PART
from argus_trio.importing.original.file.source import OriginalSource

STRATEGY: Final = "first-wins"
"""The original's default; here it is `prefix`."""
SEPARATOR: Final = "_"
"""The original's default; here it is `__`."""
LONGEST_NAME: Final = 32
"""How long a backend's name may be here."""
MOST_NUMBERS: Final = 10_000
"""How many numbers are tried behind a name that is taken: more than a file may have backends."""
_SEPARATORS: Final = ("__", "--", "..", "/", "-.-", "._.")
"""What may stand between prefix and name where the original's own cannot; or where none is ever seen."""
_PLAIN: Final = ("backend", "server", "b", "0")
"""What a backend is called of whose name nothing is left."""
_STRATEGIES: Final = ("first-wins", "prefix", "priority", "error")
_PREFIXING: Final = frozenset({"prefix", "priority"})
_NAME: Final = re.compile(BACKEND_NAME)
_PARTS: Final = re.compile(f"{NAME_PART}+")
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_.-]+")


@attrs.frozen(kw_only=True)
class ChangedNames(Value):
    """A backend before whose names something else stands than there."""

    backend: str
    """Its name here."""
    before: str
    after: str


@attrs.frozen(kw_only=True)
class OriginalNaming(Value):
    """What backends are called here, and what is before the names of their tools."""

    section: Mapping[str, object]
    """`conflict_resolution`, every key written out."""
    names: Mapping[str, str]
    """The name of each backend here, by its name there."""
    prefixes: Mapping[str, str]
    """The prefixes, by the name there, of those whose own name does not serve."""
    changed: tuple[ChangedNames, ...] = ()
    """The backends whose tools have other names than there."""


def naming_of(source: OriginalSource) -> OriginalNaming:
    """What the file says of names, and what has to be said here for the same names; tells where they change."""
    strategy = source.text("conflict_resolution", "strategy") or STRATEGY
    if strategy not in _STRATEGIES:
        source.fault(("conflict_resolution", "strategy"), f"expected one of {', '.join(_STRATEGIES)}")
        strategy = STRATEGY
    wanted = source.text("conflict_resolution", "separator")
    wanted = SEPARATOR if wanted is None else wanted
    there = source.names("backends")
    separator = _separator(wanted, there, is_seen=strategy in _PREFIXING)
    names = _names(there, separator)
    if len(set(names.values())) < len(names):
        source.fault(("backends",), f"more than {MOST_NUMBERS} backends would be called the same here: rename some")
    prefixes = _prefixes(names, separator) if strategy in _PREFIXING else {}
    shown = {name: prefixes.get(name, names[name]) + separator for name in there}
    changed = tuple(
        ChangedNames(backend=names[name], before=name + wanted, after=shown[name])
        for name in there
        if strategy in _PREFIXING and shown[name] != name + wanted
    )
    if strategy in _PREFIXING and separator != wanted:
        what = f"names may not hold {wanted!r} here: tools are called NAME{separator}TOOL, and not NAME{wanted}TOOL"
        source.note("changed", ("conflict_resolution", "separator"), what)
    if strategy == "error":
        what = "of names that two backends share none is shown here; the original told of them in its log alone"
        source.note("changed", ("conflict_resolution", "strategy"), what)
    _tell_of_names(source, names, changed)
    order = _order(source, names)
    section: dict[str, object] = {"strategy": strategy, "separator": separator}
    section |= {"order": order} if order else {}
    return OriginalNaming(section=section, names=names, prefixes=prefixes, changed=changed)


def _separator(wanted: str, names: Iterable[str], *, is_seen: bool) -> str:
    """The original's where it may stand; where it is never seen, one that fits the names of all backends."""
    if is_seen and _PARTS.fullmatch(wanted):
        return wanted
    candidates = (wanted, *_SEPARATORS) if _PARTS.fullmatch(wanted) else _SEPARATORS
    shaped = [_shaped(name) for name in names]
    fitting = (each for each in candidates if all(is_separable(name, each) for name in shaped))
    return next(fitting, "__")


def _shaped(name: str) -> str:
    """The name with the characters that a name may have here."""
    shaped = _FOREIGN.sub("-", name).lstrip("_.-")[:LONGEST_NAME]
    return shaped or "backend"


def _names(there: Iterable[str], separator: str) -> dict[str, str]:
    """A name for each, its own where that may stand; those that may come first."""
    good = {name: name for name in there if _NAME.fullmatch(name) and is_separable(name, separator)}
    taken = set(good.values())
    for name in there:
        if name in good:
            continue
        free = _free(_separable(_shaped(name), separator), taken, separator)
        taken.add(free)
        good[name] = free
    return {name: good[name] for name in there}


def _separable(name: str, separator: str) -> str:
    """The name without the separator, and without a part of it at its end."""
    other = "-" if "-" not in separator else "." if "." not in separator else "x"
    if is_separable(name, separator):
        return name
    without = name.replace(separator, other)
    while not is_separable(without, separator) and without:
        without = without[:-1]
    plain = without.lstrip("_.-")
    return plain or next((each for each in _PLAIN if is_separable(each, separator)), _PLAIN[0])


def _free(name: str, taken: set[str], separator: str) -> str:
    number = 1
    candidate = name
    while candidate in taken or not is_separable(candidate, separator):
        number += 1
        candidate = f"{name[: LONGEST_NAME - 6]}{number}"
        if number > MOST_NUMBERS:  # `check` will say what is wrong with the name
            return name
    return candidate


def _prefixes(names: Mapping[str, str], separator: str) -> dict[str, str]:
    """The old name as a prefix, where it can be one and is not the name any more."""
    return {
        there: there
        for there, here in names.items()
        if here != there and _PARTS.fullmatch(there) and is_separable(there, separator)
    }


def _tell_of_names(source: OriginalSource, names: Mapping[str, str], changed: tuple[ChangedNames, ...]) -> None:
    by_name = {each.backend: each for each in changed}
    for there, here in names.items():
        tools = by_name.get(here)
        if there == here:
            continue
        why = "its name holds the separator, is too long, or has characters that a name may not have here"
        said = "" if tools is None else f"; its tools are called {tools.after}… and not {tools.before}…"
        source.note("changed", ("backends", there), f"is called {here}{said}: {why}")


def _order(source: OriginalSource, names: Mapping[str, str]) -> list[str]:
    order: list[str] = []
    for index, name in enumerate(source.texts("conflict_resolution", "order")):
        if name not in names or names[name] in order:
            what = f"{name} is there twice" if name in names else f"there is no backend {name}"
            source.note("left out", ("conflict_resolution", "order", index), what)
        else:
            order.append(names[name])
    return order
