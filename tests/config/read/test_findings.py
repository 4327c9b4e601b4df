"""Problems collected."""

from __future__ import annotations

from argus_trio.config.read.findings import Findings


def _findings() -> Findings:
    return Findings(lines={(): 1, ("a",): 5, ("b",): 2})


def test_problems_come_in_file_order_and_stand_on_the_nearest_known_line() -> None:
    findings = _findings()
    findings.add(("a", "x"), "first")
    findings.add(("b",), "second")
    findings.note(("b",), "third")
    findings.note(("c",), "fourth", line=9)
    assert [(each.message, each.line) for each in findings.in_file_order()] == [
        ("second", 2),
        ("third", 2),
        ("first", 5),
        ("fourth", 9),
    ]


def test_what_rests_on_something_faulty_is_dropped() -> None:
    findings = _findings()
    findings.add(("a",), "kept")
    findings.add(("a",), "again")
    findings.add(("a", "x"), "inside")
    findings.add(("b",), "rests on it", given=(("a", "y"),))
    findings.add(("b",), "also kept", given=(("c",),))
    assert [each.message for each in findings.in_file_order()] == ["also kept", "kept"]


def test_a_file_without_lines_has_none() -> None:
    findings = Findings(lines={})
    findings.add(("a",), "m")
    assert findings.in_file_order()[0].line is None


def test_warnings_stand_apart_from_problems_and_in_file_order_too() -> None:
    findings = _findings()
    findings.warn(("a", "x"), "later", "do this")
    findings.warn(("b",), "first")
    assert findings.in_file_order() == ()
    assert [(each.path, each.message, each.hint, each.line) for each in findings.warnings_in_file_order()] == [
        ("b", "first", "", 2),
        ("a.x", "later", "do this", 5),
    ]


def test_nobody_is_warned_of_what_is_faulty_and_a_warning_makes_nothing_so() -> None:
    findings = _findings()
    findings.warn(("a",), "kept")
    findings.add(("a",), "a problem all the same")
    findings.warn(("a", "x"), "dropped")
    assert [each.message for each in findings.warnings_in_file_order()] == ["kept"]
    assert [each.message for each in findings.in_file_order()] == ["a problem all the same"]
