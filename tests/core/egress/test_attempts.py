"""What containers tried to reach: counted in rows that are bounded, and what is made of them."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.egress.attempts import (
    MOST_BACKENDS_TRYING,
    MOST_HOSTS,
    TELLING_BURST,
    TELLING_SECONDS,
    BackendAttempts,
    EgressAttempts,
    EgressTarget,
)
from argus_trio.core.egress.permits import EgressPermits, line_to_write, permits_of_passed, permits_of_refused
from argus_trio.core.egress.reasons import EGRESS_REASONS, HELPED_BY_ALLOW, HELPED_BY_SERVICES, EgressReason


def to(host: str, port: int = 443, *, is_installation: bool = False) -> EgressTarget:
    return EgressTarget(host=host, port=port, is_installation=is_installation)


def test_every_word_has_its_clause() -> None:
    assert set(EGRESS_REASONS) == set(get_args(EgressReason))
    assert set(EGRESS_REASONS) > HELPED_BY_ALLOW | HELPED_BY_SERVICES


def test_a_row_has_all_attempts_at_one_host_and_port() -> None:
    attempts = BackendAttempts()
    assert attempts.refused(to("h"), "not_allowed", 10.0)
    assert not attempts.refused(to("h"), "not_allowed", 11.0)
    assert attempts.failed(to("h"), "not_found", 12.0)
    attempts.passed(to("h"), "allow", 13.0)
    attempts.passed(to("h", 80), "public", 14.0)
    attempts.moved(to("h"), sent=3)
    attempts.moved(to("h"), received=5)
    assert not attempts.refused(to("h"), "not_allowed", 15.0)
    first, second = attempts
    assert (str(first.target), str(second.target)) == ("h:80", "h:443")
    assert (second.passed, second.refused, second.failed) == (1, 3, 1)
    assert (second.first, second.latest) == (10.0, 15.0)
    assert (second.sent, second.received) == (3, 5)
    assert (second.passed_by, second.reason) == ("allow", "not_allowed")


def test_names_without_end_push_nothing_out_that_was_let_through() -> None:
    attempts = BackendAttempts()
    attempts.passed(to("good"), "public", 1.0)
    for number in range(5 * MOST_HOSTS):
        attempts.refused(to(f"n{number}"), "not_allowed", 2.0 + number)
    rows = {str(row.target): row for row in attempts}
    assert len(rows) == MOST_HOSTS + 1
    assert rows["good:443"].passed == 1
    assert f"n{5 * MOST_HOSTS - 1}:443" in rows
    assert attempts.others is not None
    assert (attempts.others.refused, attempts.others.first) == (4 * MOST_HOSTS, 2.0)


def test_what_was_tried_longest_ago_is_counted_among_the_others() -> None:
    attempts = BackendAttempts()
    for number in range(MOST_HOSTS):
        attempts.passed(to(f"n{number}"), "public", float(number))
    attempts.passed(to("n0"), "public", 1000.0)
    attempts.passed(to("new"), "public", 1001.0)
    names = {str(row.target) for row in attempts}
    assert "n0:443" in names
    assert "n1:443" not in names
    attempts.moved(to("n1"), sent=7)
    assert attempts.others is not None
    assert (attempts.others.passed, attempts.others.sent) == (1, 7)


def test_what_could_not_say_where_to_is_counted_as_well() -> None:
    attempts = BackendAttempts()
    attempts.turned_away(5.0)
    assert attempts.others is not None
    assert (attempts.others.refused, attempts.others.first, attempts.others.latest) == (1, 5.0, 5.0)


STEPS = st.lists(
    st.tuples(st.sampled_from(["passed", "refused", "failed"]), st.integers(0, 2 * MOST_HOSTS)), max_size=900
)


@given(STEPS)
def test_no_attempt_is_lost(steps: list[tuple[str, int]]) -> None:
    attempts = BackendAttempts()
    for now, (what, number) in enumerate(steps):
        target = to(f"n{number}")
        if what == "passed":
            attempts.passed(target, "public", float(now))
        elif what == "refused":
            attempts.refused(target, "not_allowed", float(now))
        else:
            attempts.failed(target, "not_found", float(now))
    rows = [*attempts, *([attempts.others] if attempts.others else [])]
    assert len(rows) <= 2 * MOST_HOSTS + 1
    for what in ("passed", "refused", "failed"):
        assert sum(getattr(row, what) for row in rows) == sum(each == what for each, _ in steps)
    assert all(row.first <= row.latest for row in rows)


def test_refusals_are_told_at_a_pace_and_none_is_forgotten() -> None:
    attempts = BackendAttempts()
    told = [attempts.to_tell(1000.0) for _ in range(TELLING_BURST + 3)]
    assert told == [0] * TELLING_BURST + [None] * 3
    assert attempts.to_tell(1000.0 + TELLING_SECONDS) == 3
    assert attempts.to_tell(1000.0 + TELLING_SECONDS) is None
    assert attempts.to_tell(0.0) is None


def test_each_backend_has_its_own_and_so_many_have_any() -> None:
    attempts = EgressAttempts()
    attempts.of("files").passed(to("h"), "public", 1.0)
    assert len(list(attempts.known("files"))) == 1
    assert list(attempts.known("other")) == []
    for number in range(MOST_BACKENDS_TRYING):
        attempts.of(f"b{number}")
    assert list(attempts.known("files")) == []


def test_the_lists_cover_what_was_seen() -> None:
    attempts = BackendAttempts()
    attempts.passed(to("b.example"), "public", 1.0)
    attempts.passed(to("a.example"), "allow", 1.0)
    attempts.refused(to("a.example"), "not_allowed", 1.0)
    attempts.passed(to("db", 5432), "service", 1.0)
    attempts.passed(to("pypi.org", is_installation=True), "service", 1.0)
    attempts.refused(to("c.example"), "not_allowed", 1.0)
    attempts.refused(to("localhost", 80), "this_machine", 1.0)
    attempts.refused(to("fd00::1", 80), "bare_address", 1.0)
    attempts.refused(to("smtp.example", 587), "other_port", 1.0)
    attempts.refused(to("169.254.169.254", 80), "never_dialled", 1.0)
    attempts.failed(to("nowhere"), "not_found", 1.0)
    rows = list(attempts)
    assert permits_of_passed(rows) == EgressPermits(
        allow=("a.example:443", "b.example:443"), host_services=("db:5432",)
    )
    assert permits_of_refused(rows) == EgressPermits(
        allow=("c.example:443",), host_services=("localhost:80", "smtp.example:587")
    )


@pytest.mark.parametrize(
    ("reason", "allow", "line"),
    [
        ("not_allowed", ("a:1",), 'container: {network: {allow: ["a:1", "h:443"]}}'),
        ("not_allowed", ("h:443", "a:1"), 'container: {network: {allow: ["h:443", "a:1"]}}'),
        ("no_network", (), ""),
        ("not_allowed", tuple(f"h{number}:1" for number in range(10)), '"h:443" in container.network.allow'),
        ("not_public", ("a:1",), 'container: {host_services: ["h:443"]}'),
        ("never_dialled", (), ""),
        ("bare_address", (), ""),
        ("not_found", (), ""),
    ],
)
def test_a_refusal_says_what_to_write(reason: EgressReason, allow: tuple[str, ...], line: str) -> None:
    assert line_to_write(reason, to("h"), allow=allow) == line
    assert line_to_write(reason, to("h", is_installation=True), allow=allow) == ""
