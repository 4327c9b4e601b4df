"""What is different between two configurations."""

from __future__ import annotations

import attrs
import pytest

from argus_trio.config.diff import Difference, difference, is_same_link, shows_the_same
from argus_trio.config.model.backend import BackendSpec, HttpBackend, SseBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import Container
from argus_trio.config.model.operation import Bounds, Restart, Timeouts
from argus_trio.config.model.visibility import Filters, Globs
from tests.config.support.reading import read

A = StdioBackend(name="a", command="run", env={"TOKEN": "one"})


def config(*specs: BackendSpec) -> Config:
    return Config(backends={spec.name: spec for spec in specs})


def test_every_enabled_backend_is_in_one_list() -> None:
    before = config(A, *(attrs.evolve(A, name=name) for name in "bcde"))
    now = config(
        attrs.evolve(A, name="f"),
        attrs.evolve(A, name="b", command="other"),
        attrs.evolve(A, name="c", prefix=""),
        attrs.evolve(A, name="e", enabled=False),
        attrs.evolve(A),
    )
    assert difference(before, now) == Difference(
        added=("f",), removed=("d", "e"), changed=("b",), adjusted=("c",), untouched=("a",)
    )


def test_a_backend_that_stays_disabled_is_in_none() -> None:
    off = config(attrs.evolve(A, enabled=False))
    assert not any(attrs.astuple(difference(off, off)))


@pytest.mark.parametrize("field", [f.name for f in attrs.fields(StdioBackend) if f.metadata.get("part") == "link"])
def test_every_field_of_the_link_part_takes_another_link(field: str) -> None:
    other: dict[str, object] = {
        "args": ("x",),
        "env": {"TOKEN": "two"},
        "env_from": ("X",),
        "command": "x",
        "cwd": "/",
        "type": "x",
    }
    other |= {"protocol": "modern", "session": "shared", "container": Container(memory=2**30 // 2)}
    assert not is_same_link(A, attrs.evolve(A, **{field: other[field]}))  # type: ignore[arg-type]


def test_another_bound_on_messages_takes_another_link() -> None:
    assert not is_same_link(A, attrs.evolve(A, limits=Bounds(message=2048)))


@pytest.mark.parametrize(
    "fields",
    [
        {"limits": Bounds(concurrency=1)},
        {"timeouts": Timeouts(call=1)},
        {"restart": Restart(max=3)},
        {"prefix": "p"},
        {"max_sessions": 2},
        {"overlap": False},
    ],
)
def test_what_is_not_of_the_link_part_does_not(fields: dict[str, object]) -> None:
    assert is_same_link(A, attrs.evolve(A, **fields))  # type: ignore[arg-type]


def test_another_kind_of_backend_takes_another_link() -> None:
    remote = HttpBackend(name="a", url="http://127.0.0.1:1/")
    assert not is_same_link(A, remote)
    assert not is_same_link(remote, SseBackend(name="a", url=remote.url))
    assert not is_same_link(remote, attrs.evolve(remote, headers={"X": "secret"}))


def test_filters_overrides_and_prefix_decide_what_is_shown() -> None:
    assert shows_the_same(A, attrs.evolve(A, command="x"))
    assert not shows_the_same(A, attrs.evolve(A, prefix=""))
    assert not shows_the_same(A, attrs.evolve(A, filters=Filters(tools=Globs(deny=("x",)))))


THREE = """
backends:
  a: {type: stdio, command: run}
  b: {type: sse, url: "http://b"}
  c: {type: stdio, command: run, timeouts: {call: 9}, session: shared}
"""


@pytest.mark.parametrize(
    ("defaults", "expected"),
    [
        ("{timeouts: {call: 9}}", {"adjusted": ("a", "b"), "untouched": ("c",)}),
        ("{container: {memory: 512m}}", {"changed": ("a", "c"), "untouched": ("b",)}),
        ("{session: shared}", {"changed": ("a", "b"), "untouched": ("c",)}),
        ("{env_from: [TOKEN]}", {"changed": ("a", "c"), "untouched": ("b",)}),
        ("{timeouts: {call: 120}, session: auto}", {"untouched": ("a", "b", "c")}),
    ],
)
def test_a_change_of_the_defaults_is_a_change_of_what_it_leads_to(
    defaults: str, expected: dict[str, tuple[str, ...]]
) -> None:
    nothing: dict[str, tuple[str, ...]] = dict.fromkeys(("added", "removed", "changed", "adjusted", "untouched"), ())
    assert difference(read(THREE), read(f"defaults: {defaults}{THREE}")) == Difference(**nothing | expected)
