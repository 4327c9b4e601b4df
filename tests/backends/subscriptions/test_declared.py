"""What a backend declares to report."""

from __future__ import annotations

import pytest

from argus_trio.backends.subscriptions.declared import declares_list_changes, may_report_updates
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import raw


def test_what_is_declared_true_is_declared() -> None:
    capabilities = raw({"tools": {"listChanged": True}, "resources": {"subscribe": True, "listChanged": False}})
    assert declares_list_changes(capabilities, "tools")
    assert not declares_list_changes(capabilities, "resources")
    assert not declares_list_changes(capabilities, "prompts")
    assert may_report_updates(capabilities, Era.MODERN)


@pytest.mark.parametrize("resources", [{}, {"subscribe": False}, {"subscribe": None}, {"subscribe": "true"}, [], None])
def test_anything_else_is_not(resources: object) -> None:
    assert not may_report_updates(raw({"resources": resources}), Era.MODERN)
    assert not may_report_updates({}, Era.MODERN)


def test_a_legacy_backend_that_has_resources_may_report_updates_whatever_it_declares() -> None:
    assert may_report_updates(raw({"resources": {"subscribe": False}}), Era.LEGACY)
    assert may_report_updates(raw({"resources": {}}), Era.LEGACY)
    assert not may_report_updates(raw({"tools": {}}), Era.LEGACY)
