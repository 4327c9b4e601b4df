"""Forced changes, and backends that are not to run, as the supervisor has them; the rest is tested by who decides."""

from __future__ import annotations

import attrs
import trio
from trio.testing import MockClock

from argus_trio.config.diff import difference
from argus_trio.config.model.config import Config
from argus_trio.core.control import Hold
from tests.backends.support.fakes import FakeBackend
from tests.backends.support.supervised import named, spec, supervised

DRAIN = Hold(kind="drain", by="ann", at=1.0)


def test_what_is_to_be_made_anew_counts_as_changed_though_nothing_of_it_is() -> None:
    config = Config(backends={"a": spec("a"), "b": spec("b"), "off": spec("off", enabled=False)})
    found = difference(config, config, ("a", "off"))
    assert (found.changed, found.untouched) == (("a",), ("b",))


async def test_every_backend_of_the_file_is_told_in_its_order(autojump_clock: MockClock) -> None:
    backends = {name: FakeBackend(tools=named("x")) for name in ("a", "off", "b")}
    async with supervised(backends, [spec("off", enabled=False)]) as h:
        await h.ask("tools/list")
        await trio.sleep(5)
        assert [(each.name, each.state) for each in h.supervisor.overview().backends] == [
            ("a", "ready"),
            ("off", "disabled"),
            ("b", "ready"),
        ]
        off = h.supervisor.overview().backends[1]
        assert (off.is_enabled, off.hold, off.standing.reason) == (False, None, "the file disables it")
        assert (off.standing.since, off.status) == (0.0, "unknown")
        assert off.counts == {"tools": 0, "resources": 0, "prompts": 0}
        assert h.supervisor.health().total == 2


async def test_a_hold_that_a_reload_drops_lets_the_old_and_the_new_one_take_calls(autojump_clock: MockClock) -> None:
    async with supervised({"a": FakeBackend(tools=named("x"))}, spare={"new": FakeBackend(tools=named("x"))}) as h:
        await h.ask("tools/list")
        h.supervisor.hold({"a": DRAIN})
        before = h.supervisor.scopes["a"]
        assert not before.takes_calls
        changed = attrs.evolve(spec("a"), command="new")
        config = attrs.evolve(h.supervisor.config, backends={"a": changed})
        await h.supervisor.apply(config, on_swap=lambda: h.supervisor.hold({}))
        assert h.supervisor.scopes["a"] is not before
        assert h.supervisor.scopes["a"].takes_calls


async def test_a_version_changes_with_the_hold_the_entry_and_the_scope_of_that_backend_alone(
    autojump_clock: MockClock,
) -> None:
    async with supervised({"a": FakeBackend(tools=named("x")), "b": FakeBackend()}) as h:
        await h.ask("tools/list")
        supervisor, holds = h.supervisor, h.supervisor.holds
        seen = [holds.version("a")]
        supervisor.hold({"a": DRAIN})
        seen.append(holds.version("a"))
        supervisor.hold({"a": DRAIN})
        assert holds.version("a") == seen[-1]
        adjusted = attrs.evolve(spec("a"), prefix="p")
        await supervisor.apply(attrs.evolve(supervisor.config, backends={**supervisor.config.backends, "a": adjusted}))
        seen.append(holds.version("a"))
        await supervisor.apply(supervisor.config, anew=("a",))
        seen.append(holds.version("a"))
        await supervisor.apply(supervisor.config, anew=("b",))
        assert holds.version("a") == seen[-1]
        assert len(set(seen)) == len(seen)
        assert holds.version("b") != 0
