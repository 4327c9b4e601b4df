"""What is told of one backend that is not as it should be."""

from __future__ import annotations

import pytest

from argus_trio.contract.backends import EntriesRemark, FailedListEntry, ListRemarks
from argus_trio.contract.settings import LogLineEntry
from argus_trio.core.backend_log import LineSource
from argus_trio.doctor.backends.diagnosis import Diagnosis
from argus_trio.doctor.backends.outcome import QUOTED_CHARACTERS, findings_of
from argus_trio.doctor.backends.seen import BackendSeen, has_been_tried
from argus_trio.doctor.finding import DoctorFinding
from tests.doctor.backends.values import MOMENT, egress, entry, isolation


def line(text: str, source: LineSource = "stderr") -> LogLineEntry:
    return LogLineEntry(id="1", timestamp=MOMENT, source=source, text=text)


def one(seen: BackendSeen, closer: Diagnosis | None = None) -> DoctorFinding:
    (found,) = findings_of(seen, closer, waited=60.0)
    return found


@pytest.mark.parametrize("state", ["ready", "disabled", "draining"])
def test_nothing_is_told_of_one_that_is_well(state: str) -> None:
    assert findings_of(BackendSeen(entry=entry(state=state)), None, waited=1.0) == []


def test_the_gateways_own_words_stand_beside_the_diagnosis() -> None:
    closer = Diagnosis(what="nothing listens there", advice="start it")
    found = one(BackendSeen(entry=entry(reason="cannot connect to http://x")), closer)
    assert found.severity == "problem"
    assert found.what == "not ready: nothing listens there; the gateway says: cannot connect to http://x"
    assert found.advice == "start it"


def test_what_nobody_knows_leads_to_its_log_with_its_last_words() -> None:
    found = one(BackendSeen(entry=entry(reason="exited with code 1", details=("one", "two"))))
    assert found.what == "not ready: exited with code 1"
    assert found.advice == "look at what it wrote: `argus-trio logs it`; its last words: two"


def test_an_open_breaker_is_told_with_the_way_to_try_it_at_once() -> None:
    found = one(BackendSeen(entry=entry(breaker="open")))
    assert "it is tried only now and then" in found.what
    assert "`argus-trio restart it`" in found.what


def test_what_it_wrote_explains_its_end() -> None:
    seen = BackendSeen(entry=entry(reason="exited with code 1"), lines=(line("Error: API_TOKEN is required"),))
    assert "it wants the variable API_TOKEN" in one(seen).what


def test_one_that_is_still_installing_is_a_warning_to_wait_longer() -> None:
    seen = BackendSeen(entry=entry(state="preparing", reason="it is preparing", what="installing"))
    found = one(seen)
    assert found.severity == "warning"
    assert found.what == "not ready after 60 s: it is still installing (it is preparing)"
    assert "--wait" in found.advice


def test_a_plan_that_is_refused_is_told_with_the_way_out() -> None:
    found = one(BackendSeen(entry=entry(isolation=isolation("refused", "there is no engine"))))
    assert "not to run without a container: there is no engine" in found.what
    assert "container.isolation" in found.advice


def test_a_host_that_its_container_must_not_reach_is_told_with_the_lines_that_let_it() -> None:
    contained = entry(isolation=isolation("contained"))
    found = one(BackendSeen(entry=contained, egress=egress("api.example.com", 443, allow=("api.example.com:443",))))
    assert "its container was not let reach api.example.com:443" in found.what
    assert 'backends.it.container.network: {allow: ["pypi.org:443", "api.example.com:443"]}' in found.advice


def test_a_private_host_is_let_reach_as_a_service_of_the_host() -> None:
    contained = entry(isolation=isolation("contained"))
    found = one(BackendSeen(entry=contained, egress=egress("localhost", 5432, services=("localhost:5432",))))
    assert found.advice.endswith('write backends.it.container.host_services: ["localhost:5432"]')


def test_text_on_stdout_that_is_no_mcp_is_told_with_the_address_that_it_names() -> None:
    seen = BackendSeen(
        entry=entry(reason="it was not ready within 3 s (timeouts.connect)"),
        lines=(line("Listening on http://127.0.0.1:8000/mcp", "stdout"),),
    )
    found = one(seen)
    assert "prints text that is no MCP on its stdout" in found.what
    assert "write backends.it: {type: streamable-http, url: http://127.0.0.1:8000/mcp}" in found.advice


def test_text_on_stdout_without_an_address_is_told_to_be_made_mcp() -> None:
    seen = BackendSeen(
        entry=entry(reason="it was not ready within 3 s (timeouts.connect)"), lines=(line("hello", "stdout"),)
    )
    assert "--stdio" in one(seen).advice


def test_lists_that_are_missing_and_entries_that_are_left_out_are_warnings() -> None:
    lists = ListRemarks(
        failed=(FailedListEntry(kind="prompts", reason="it did not answer", next_attempt=None),),
        left_out=(EntriesRemark(kind="tools", what="its name is no text", count=2, names=("a", "b")),),
        mended=(),
        names_too_long=(),
        names_not_portable=(),
    )
    found = findings_of(BackendSeen(entry=entry(state="degraded", lists=lists)), None, waited=1.0)
    assert [each.severity for each in found] == ["warning"] * 3
    assert "its prompts are missing: it did not answer" in found[1].what
    assert "2 of its tools are left out (a, b): its name is no text" in found[2].what


def test_a_long_reason_is_quoted_in_part() -> None:
    found = one(BackendSeen(entry=entry(reason="x" * 1000)))
    assert len(found.what) < QUOTED_CHARACTERS + 20


@pytest.mark.parametrize(
    ("state", "failures", "tried"),
    [("starting", 0, False), ("preparing", 0, False), ("starting", 1, True), ("down", 1, True), ("ready", 0, True)],
)
def test_a_backend_has_been_tried_once_an_attempt_has_ended(state: str, failures: int, *, tried: bool) -> None:
    assert has_been_tried(entry(state=state, failed_attempts=failures)) is tried


@pytest.mark.parametrize(
    ("source", "text", "told"),
    [
        ("stdout", "Listening on http://127.0.0.1:3000", "prints text that is no MCP"),
        ("stderr", "Password:", "it wrote last: Password:"),
    ],
)
def test_what_one_says_that_is_not_ready_in_time_is_told(source: LineSource, text: str, told: str) -> None:
    seen = BackendSeen(entry=entry(state="starting", reason="it is starting"), lines=(line(text, source),))
    assert told in one(seen).what


def test_one_that_waits_for_its_turn_is_told_to_look_at_the_others() -> None:
    seen = BackendSeen(
        entry=entry(state="starting", reason="it waits for its turn to start (server.concurrent_starts)")
    )
    assert one(seen).advice.startswith("look at those that are starting first")
