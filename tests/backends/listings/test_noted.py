"""What the journal is told of the catalog."""

from __future__ import annotations

import attrs

from argus_trio.backends.listings.noted import NAMES_NOTED, note_changes
from argus_trio.core.catalog.catalog import EMPTY, Catalog, Dropped, Entry, Published, build
from argus_trio.core.catalog.names import Scheme
from argus_trio.core.journal import Journal, JournalEvent
from tests.backends.support.fakes import raw


def entries(*names: str) -> tuple[Entry, ...]:
    return tuple(Entry(key=name, shown_name=name, fields=raw({"name": name, "uri": name})) for name in names)


def catalog_of(*published: Published, strategy: str = "prefix") -> Catalog:
    return build(published, Scheme(strategy=strategy), {})  # type: ignore[arg-type]


def told(before: Catalog, now: Catalog) -> tuple[JournalEvent, ...]:
    journal = Journal(now=lambda: 0.0)
    note_changes(journal, before, now)
    return journal.since(1)[0]


def test_each_backend_is_told_with_what_it_shows_more_and_less() -> None:
    before = catalog_of(
        Published(backend="a", prefix="a", tools=entries("x", "y"), prompts=entries("p")),
        Published(backend="same", prefix="s", tools=entries("t")),
    )
    now = catalog_of(
        Published(backend="a", prefix="a", tools=entries("y", "z", "w"), resources=entries("file:///r")),
        Published(backend="b", prefix="b", tools=entries(*(f"t{number:03}" for number in range(100)))),
        Published(backend="same", prefix="s", tools=entries("t")),
    )
    first, second = told(before, now)
    assert (first.stage, first.backend) == ("catalog_changed", "a")
    assert first.details == {
        "added": {"tools": 2, "resources": 1},
        "removed": {"tools": 1, "prompts": 1},
        "names_added": ["a__w", "a__z", "file:///r"],
        "names_removed": ["a__p", "a__x"],
    }
    assert (second.backend, second.details["added"]) == ("b", {"tools": 100})
    assert second.details["names_added"] == [f"b__t{number:03}" for number in range(NAMES_NOTED)]
    assert {event.details["removed"] == {"tools": 100} for event in told(now, before) if event.backend == "b"} == {True}


def test_what_stays_the_same_is_not_told() -> None:
    catalog = catalog_of(Published(backend="a", prefix="a", tools=entries("x")))
    assert told(catalog, catalog) == ()
    assert told(catalog, catalog_of(Published(backend="a", prefix="a", tools=entries("x")))) == ()
    assert told(EMPTY, EMPTY) == ()


def test_names_in_dispute_and_dropped_tools_are_told_once() -> None:
    one = Published(backend="a", prefix="", tools=entries("x"))
    two = Published(backend="b", prefix="", tools=entries("x"))
    dropped = attrs.evolve(two, dropped=(Dropped(backend="b", tool="odd", reason="its schema is none"),))
    before, now = catalog_of(one, strategy="first-wins"), catalog_of(one, dropped, strategy="first-wins")
    dispute, lost = [event for event in told(before, now) if event.stage != "catalog_changed"]
    assert (dispute.stage, dispute.severity, dispute.details["names"]) == ("name_collision", "warning", ["x"])
    assert dispute.details["winner"] == "a"
    assert (lost.stage, lost.backend, lost.details["tool"]) == ("tool_dropped", "b", "odd")
    assert [event.stage for event in told(now, catalog_of(one, dropped, strategy="first-wins"))] == []
