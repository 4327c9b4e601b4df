"""What a backend declares to report."""

from __future__ import annotations

import pytest

from argus_trio.backends.subscriptions.declared import declares_list_changes, declares_updates
from tests.backends.support.fakes import raw


def test_what_is_declared_true_is_declared() -> None:
    capabilities = raw({"tools": {"listChanged": True}, "resources": {"subscribe": True, "listChanged": False}})
    assert declares_list_changes(capabilities, "tools")
    assert not declares_list_changes(capabilities, "resources")
    assert not declares_list_changes(capabilities, "prompts")
    assert declares_updates(capabilities)


@pytest.mark.parametrize("resources", [{}, {"subscribe": False}, {"subscribe": None}, {"subscribe": "true"}, [], None])
def test_anything_else_is_not(resources: object) -> None:
    assert not declares_updates(raw({"resources": resources}))
    assert not declares_updates({})
