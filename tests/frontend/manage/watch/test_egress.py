"""`/manage/v1/backends/{name}/egress` over a real socket."""

from __future__ import annotations

import msgspec

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.contract.backends import EGRESS, EgressAnswer, EgressHostEntry, EgressListsEntry, EgressOthersEntry
from argus_trio.core.egress.attempts import MOST_HOSTS, EgressTarget
from argus_trio.core.health.health import BackendStatus, Isolation, Overview
from argus_trio.core.health.lifecycle import BackendStanding
from argus_trio.frontend.gateway import Management
from tests.frontend.support.serving import ask, serving

PATH = "/manage/v1/backends/files/egress"


def management() -> Management:
    return Management(config=lambda: Config(backends={"files": StdioBackend(name="files", command="files")}))


async def told(known: Management) -> EgressAnswer:
    async with serving(management=known) as served:
        return msgspec.json.decode((await ask(served, "GET", PATH)).body, type=EgressAnswer)


async def test_attempts_come_by_host_with_the_lists_that_cover_them() -> None:
    known = management()
    attempts = known.egress.of("files")
    attempts.passed(EgressTarget(host="api.example", port=443), "public", 1_750_000_000.0)
    attempts.moved(EgressTarget(host="api.example", port=443), sent=10, received=20)
    attempts.passed(EgressTarget(host="db", port=5432), "service", 1_750_000_000.0)
    attempts.passed(EgressTarget(host="pypi.org", port=443, is_installation=True), "service", 1_750_000_000.0)
    attempts.refused(EgressTarget(host="localhost", port=80), "this_machine", 1_750_000_000.0)
    answer = await told(known)
    assert [each.host for each in answer.hosts] == ["api.example", "db", "pypi.org", "localhost"]
    assert answer.hosts[0] == EgressHostEntry(
        host="api.example",
        port=443,
        during="run",
        passed=1,
        refused=0,
        failed=0,
        by="public",
        reason=None,
        message=None,
        first="2025-06-15T15:06:40.000Z",
        latest="2025-06-15T15:06:40.000Z",
        sent=10,
        received=20,
    )
    assert answer.hosts[2].during == "installation"
    assert answer.hosts[3].reason == "this_machine"
    assert (answer.hosts[3].message or "").startswith("it is this machine")
    assert answer.backend == "files"
    assert answer.others is None
    assert answer.let_through == EgressListsEntry(allow=("api.example:443",), host_services=("db:5432",))
    assert answer.not_let_through == EgressListsEntry(allow=(), host_services=("localhost:80",))


async def test_what_has_no_row_any_more_is_counted_together() -> None:
    known = management()
    for number in range(MOST_HOSTS + 2):
        known.egress.of("files").refused(EgressTarget(host=f"h{number}", port=1), "not_allowed", 1.0)
    answer = await told(known)
    assert len(answer.hosts) == MOST_HOSTS
    assert answer.others == EgressOthersEntry(passed=0, refused=2, failed=0, sent=0, received=0)


async def test_of_a_backend_that_tried_nothing_there_is_nothing() -> None:
    answer = await told(management())
    assert answer.hosts == ()
    assert answer.let_through == EgressListsEntry(allow=(), host_services=())


async def test_what_makes_an_image_is_shown_by_its_own_name() -> None:
    known = management()
    known.egress.of("build-time").passed(EgressTarget(host="h", port=1, is_installation=True), "service", 1.0)
    async with serving(management=known) as served:
        answer = await ask(served, "GET", "/manage/v1/backends/build-time/egress")
    assert msgspec.json.decode(answer.body, type=EgressAnswer).hosts[0].during == "installation"


async def test_how_it_is_isolated_is_told_as_well() -> None:
    isolation = Isolation(plan="contained", network="api.example:443")
    status = BackendStatus(
        name="files", type="stdio", standing=BackendStanding(since=0.0), counts={}, isolation=isolation
    )
    async with serving(management=management(), overview=lambda: Overview(backends=(status,))) as served:
        answer = msgspec.json.decode((await ask(served, "GET", PATH)).body, type=EgressAnswer)
    assert (answer.plan, answer.network) == ("contained", "api.example:443")


async def test_an_unknown_backend_is_told() -> None:
    async with serving(management=management()) as served:
        answer = await ask(served, "GET", "/manage/v1/backends/other/egress")
        assert answer.status == 404
        assert b"/problems/unknown-backend" in answer.body


def test_it_takes_the_right_to_read() -> None:
    assert EGRESS.right == "read"
