"""What is in a group of exceptions."""

from __future__ import annotations

from argus_trio.core.groups import leaves


def test_the_exceptions_of_groups_within_groups_come_in_order() -> None:
    first, second, third = ValueError("1"), KeyError("2"), ValueError("3")
    group = ExceptionGroup("", [first, ExceptionGroup("", [second]), third])
    assert list(leaves(group)) == [first, second, third]
