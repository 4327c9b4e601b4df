"""Who may use which connection: the policy as a table."""

from __future__ import annotations

import pytest

from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.session_policy import SessionSetting, Sharing
from tests.backends.support.fakes import FakeExchange

ROOTS, CHANGING = Abilities(roots=True), Abilities(roots=True, roots_changes=True)
FORM, BOTH = Abilities(form=True), Abilities(form=True, roots=True)


@pytest.mark.parametrize(
    ("setting", "is_legacy", "abilities", "ignores_roots", "has_own", "separate"),
    [
        ("auto", True, NONE, False, False, False),
        ("auto", True, ROOTS, False, False, True),
        ("auto", True, ROOTS, True, False, False),
        ("auto", True, CHANGING, True, False, False),
        ("auto", True, ROOTS, True, True, True),
        ("auto", True, FORM, True, False, True),
        ("auto", True, BOTH, True, False, True),
        ("auto", False, BOTH, False, False, False),
        ("shared", True, BOTH, False, True, False),
        ("per-client", True, NONE, True, False, True),
        ("per-client", True, ROOTS, True, False, True),
    ],
)
def test_whether_a_call_goes_over_a_connection_of_its_clients(
    setting: SessionSetting,
    is_legacy: bool,
    abilities: Abilities,
    ignores_roots: bool,
    has_own: bool,
    separate: bool,
) -> None:
    sharing = Sharing(setting=setting, is_legacy=is_legacy, assigns_logs=True)
    call = FakeExchange("tools/call", abilities=abilities).call
    assert sharing.separates(call, ignores_roots=ignores_roots, has_own=has_own) is separate


def test_abilities_are_named_and_roots_alone_are_told() -> None:
    assert CHANGING.names == ("roots", "roots_changes")
    assert NONE.names == ()
    assert [each.are_roots_alone for each in (NONE, ROOTS, CHANGING, FORM, BOTH)] == [False, True, True, False, False]
