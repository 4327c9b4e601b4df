"""The table of protocol revisions."""

from __future__ import annotations

import pytest

from argus_trio.wire.revisions import (
    BATCH_REVISION,
    LATEST_LEGACY,
    LATEST_MODERN,
    LEGACY_REVISIONS,
    MODERN_REVISIONS,
    REVISIONS,
    Era,
    era_of,
)


def test_the_revisions_are_in_the_order_of_their_dates_and_each_has_one_era() -> None:
    assert list(REVISIONS) == sorted(set(REVISIONS))
    assert (max(LEGACY_REVISIONS), max(MODERN_REVISIONS)) == (LATEST_LEGACY, LATEST_MODERN)
    assert {era_of(revision) for revision in LEGACY_REVISIONS} == {Era.LEGACY}
    assert {era_of(revision) for revision in MODERN_REVISIONS} == {Era.MODERN}


@pytest.mark.parametrize("revision", ["", "2024-10-07", "2099-01-01", "2025-11-25 ", "draft"])
def test_a_revision_that_is_not_spoken_has_no_era(revision: str) -> None:
    assert era_of(revision) is None


def test_only_one_legacy_revision_has_batches() -> None:
    assert BATCH_REVISION in LEGACY_REVISIONS
