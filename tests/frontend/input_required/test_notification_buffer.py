"""What is kept for a client that is away."""

from __future__ import annotations

from argus_trio.frontend.input_required.notification_buffer import MAX_BUFFERED_BYTES, NotificationBuffer
from argus_trio.wire.envelope import encode_raw


def test_they_come_out_in_order() -> None:
    kept = NotificationBuffer()
    kept.put("a", {})
    kept.put("b", {"x": encode_raw(1)})
    assert [kept.take()[0], kept.take()[0]] == ["a", "b"]
    assert not kept
    assert kept.dropped == 0


def test_large_ones_drive_out_the_oldest() -> None:
    kept = NotificationBuffer()
    for name in "abcde":
        kept.put(name, {"data": encode_raw("x" * (MAX_BUFFERED_BYTES // 3))})
    assert kept.dropped == 3
    assert kept.take()[0] == "d"


def test_one_that_is_too_large_is_not_kept() -> None:
    kept = NotificationBuffer()
    kept.put("a", {"data": encode_raw("x" * MAX_BUFFERED_BYTES)})
    assert (bool(kept), kept.dropped) == (False, 1)
