"""What operators decide, and until when: values alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.config.load import parse
from argus_trio.config.model.config import Config
from argus_trio.core.control import Action, BackendUnknown, ChangeRefused, Hold
from argus_trio.runtime.changes.holds import decided, lasting, overridden

DISABLED = Hold(kind="disable", by="ann", at=1.0)
DRAINED = Hold(kind="drain", by="ann", at=1.0)
TEXT = "backends: {a: {type: stdio, command: /bin/true}, b: {type: stdio, command: /bin/true, enabled: false}}"


def config_of(text: str = TEXT, **environ: str) -> Config:
    return parse(text, source="c.yaml", folder=Path("/"), environ=environ)


def test_what_is_disabled_is_as_if_the_file_said_so_and_what_is_drained_runs() -> None:
    config = config_of()
    assert overridden(config, {}) is config
    assert overridden(config, {"a": DRAINED}) is config
    off = overridden(config, {"a": DISABLED})
    assert off == config_of(TEXT.replace("true}, b", "true, enabled: false}, b"))
    assert list(off.backends) == ["a", "b"]


@pytest.mark.parametrize(
    ("held", "action", "after"),
    [
        (None, "disable", "disable by bob"),
        (None, "drain", "drain by bob"),
        (None, "enable", None),
        (None, "restart", None),
        (DRAINED, "drain", "drain by ann"),
        (DRAINED, "disable", "disable by bob"),
        (DRAINED, "restart", "drain by ann"),
        (DRAINED, "enable", None),
        (DISABLED, "disable", "disable by ann"),
        (DISABLED, "enable", None),
    ],
)
def test_each_action_makes_of_a_hold_what_the_table_says(held: Hold | None, action: Action, after: str | None) -> None:
    holds = {"other": DRAINED} | ({} if held is None else {"a": held})
    now = decided(holds, config_of(), "a", action, by="bob", at=2.0)
    hold = now.pop("a", None)
    assert (None if hold is None else f"{hold.kind} by {hold.by}") == after
    assert now == {"other": DRAINED}


@pytest.mark.parametrize("action", ["restart", "drain"])
def test_what_an_operator_has_disabled_is_to_be_enabled_first(action: Action) -> None:
    with pytest.raises(ChangeRefused, match="ann has disabled it: enable it"):
        decided({"a": DISABLED}, config_of(), "a", action, by="bob", at=2.0)


@pytest.mark.parametrize("action", ["restart", "drain", "enable"])
def test_what_the_file_disables_only_the_file_can_enable(action: Action) -> None:
    with pytest.raises(ChangeRefused, match="take enabled: false out of backends"):
        decided({}, config_of(), "b", action, by="bob", at=2.0)
    assert decided({}, config_of(), "b", "disable", by="bob", at=2.0) == {}


def test_what_the_file_does_not_have_is_unknown() -> None:
    with pytest.raises(BackendUnknown):
        decided({}, config_of(), "c", "disable", by="bob", at=2.0)


@pytest.mark.parametrize(
    ("text", "lasts"),
    [
        (TEXT, True),
        ("# moved\n" + TEXT.replace("backends: {", "backends: {\n  "), True),
        (TEXT.replace("a: {type: stdio, command: /bin/true}", "a: {command: /bin/true, type: stdio}"), True),
        (TEXT.replace("/bin/true}, b", "/bin/true, prefix: x}, b"), False),
        (TEXT.replace("/bin/true}, b", "/bin/true, enabled: true}, b"), False),
        (TEXT.replace("a: {", "c: {"), False),
        (TEXT + "\ndefaults: {timeouts: {call: 9}}", True),
        (TEXT.replace("enabled: false", "enabled: true"), True),
    ],
)
def test_a_hold_lasts_until_the_backends_own_entry_changes(text: str, lasts: bool) -> None:
    assert ("a" in lasting({"a": DISABLED}, config_of(), config_of(text))) is lasts


def test_another_secret_is_no_change_of_the_entry() -> None:
    text = "backends: {a: {type: stdio, command: /bin/true, env: {T: '${T}'}}}"
    one, other = config_of(text, T="hush-1"), config_of(text, T="hush-2")
    assert one != other
    assert lasting({"a": DISABLED}, one, other) == {"a": DISABLED}
    assert "hush" not in repr(one.entries)


def test_without_a_file_the_backends_themselves_are_compared() -> None:
    bare = Config(backends=config_of().backends)
    assert lasting({"a": DISABLED}, bare, bare) == {"a": DISABLED}
    assert lasting({"a": DISABLED}, bare, Config()) == {}
