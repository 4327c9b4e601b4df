"""The official conformance suite's `server` mode against the everything servers of the official SDKs.

Python's and TypeScript's: directly, and through the gateway with nothing configured, over both transports, for both
sets of requirements.

Whatever a server passes by itself passes through the gateway. What it does not pass by itself stands in a list below.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import attrs
import pytest

from tests.e2e import gateway, official, suite
from tests.e2e.official import SDKS, Sdk
from tests.e2e.raw import LEGACY, MODERN
from tests.e2e.scenarios import NOT_PLAYED, SCENARIOS
from tests.e2e.suite import NEVER_RAN, Report
from tests.e2e.tools import Npm, Peers

Way = Literal["direct", "stdio", "streamable-http"]
WAYS: tuple[Way, ...] = ("direct", "stdio", "streamable-http")
REVISIONS = (LEGACY, MODERN)

FAILS_ITSELF: dict[tuple[Sdk, str], dict[str, str]] = {
    ("python", LEGACY): {},
    ("python", MODERN): {},
    ("typescript", LEGACY): {},
    ("typescript", MODERN): {},
}
"""What a server does not pass when the suite is connected to it directly, and why."""

PARDONED: dict[tuple[Sdk, Way], tuple[str, ...]] = {
    ("typescript", "stdio"): (
        "ServerSendsToolsListChangedOnSubscription",
        "ServerSendsPromptsListChangedOnSubscription",
    ),
}
"""Checks that may come to a warning. Over stdio that server's two tools fail by themselves ("modernHandler is not
defined"): what they report a change to is part of how it serves HTTP."""

INAPPLICABLE: dict[Sdk, dict[str, str]] = {
    "python": {},
    "typescript": {
        "server-sse-polling": "its tool says nothing before its answer, so that is plain JSON, without a stream",
    },
}
"""Scenarios in which the suite may have nothing to check through the gateway; it must not complain of them either."""


@attrs.frozen(kw_only=True)
class Stand:
    """One of the servers, and how the suite comes to it."""

    sdk: Sdk
    way: Way
    http: Literal["lean", "hypercorn"] = "lean"
    """What speaks HTTP/1.1 with the suite, where the gateway does."""

    def __str__(self) -> str:
        return f"{self.sdk}-{self.way}" + ("-hypercorn" if self.http == "hypercorn" else "")

    def scenarios(self, revision: str) -> list[str]:
        return [scenario for scenario in SCENARIOS[revision] if scenario not in FAILS_ITSELF[self.sdk, revision]]


HERE = SDKS if official.TYPESCRIPT_SOURCE is not None else ("python",)
PLACES = [Stand(sdk=sdk, way=way) for sdk in HERE for way in WAYS]
PLACES.append(Stand(sdk="python", way="stdio", http="hypercorn"))
CASES = [
    pytest.param(place, revision, scenario, id=f"{place}-{revision}-{scenario}")
    for place in PLACES
    for revision in REVISIONS
    for scenario in place.scenarios(revision)
]


def played(place: Stand, npm: Npm, peers: Peers, folder: Path) -> dict[str, Report]:
    """Run both sets of the suite, one after the other, against one server."""
    with ExitStack() as children:
        if place.way == "direct":
            url = official.serving(place.sdk, peers, children)
        else:
            stdio = place.way == "stdio"
            spec = official.stdio(place.sdk, peers) if stdio else official.http(place.sdk, peers, children)
            config = {"server": {"http": place.http}, "backends": {"official": {**spec, "prefix": ""}}}
            argus = children.enter_context(gateway.running(config, folder))
            url = argus.url + "/mcp"
        reports = {}
        for revision in REVISIONS:
            results = folder / revision
            results.mkdir()
            done = suite.ran(npm, "server", "--url", url, "--requirements", revision, "--output-dir", str(results))
            assert "=== SUMMARY ===" in done.stdout, done.stdout
            reports[revision] = suite.report(results, PARDONED.get((place.sdk, place.way), ()))
        return reports


@pytest.fixture(scope="module")
def reports(
    request: pytest.FixtureRequest, npm: Npm, peers: Peers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Stand, Future[dict[str, Report]]]]:
    """What the suite found at the places that this run selects, two at a time: much of it is waiting for starts."""
    specs = [getattr(item, "callspec", None) for item in request.session.items if item.path == request.path]
    chosen = {spec.params["place"]: None for spec in specs if spec is not None}
    with ThreadPoolExecutor(2) as pool:
        yield {place: pool.submit(played, place, npm, peers, tmp_path_factory.mktemp("official")) for place in chosen}


@pytest.mark.parametrize(("place", "revision", "scenario"), CASES)
def test_the_scenario_passes(
    reports: dict[Stand, Future[dict[str, Report]]], place: Stand, revision: str, scenario: str
) -> None:
    report = reports[place].result()[revision]
    found = report.get(scenario, NEVER_RAN)
    nothing_to_check = place.way != "direct" and scenario in INAPPLICABLE[place.sdk] and scenario in report
    if found.complaints or not (found.passed or nothing_to_check):
        pytest.fail(found.told)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_no_scenario_is_missing(reports: dict[Stand, Future[dict[str, Report]]], place: Stand) -> None:
    for revision, report in reports[place].result().items():
        assert set(report) == {*SCENARIOS[revision], *NOT_PLAYED[revision]}


@pytest.mark.parametrize("place", [place for place in PLACES if place.way == "direct"], ids=str)
def test_what_is_listed_as_failing_by_itself_does(
    reports: dict[Stand, Future[dict[str, Report]]], place: Stand
) -> None:
    for revision, report in reports[place].result().items():
        assert [scenario for scenario in FAILS_ITSELF[place.sdk, revision] if report[scenario].passed] == []


@pytest.mark.skipif(
    official.TYPESCRIPT_SOURCE is None,
    reason="the TypeScript SDK's server is in its repository alone: set ARGUS_TYPESCRIPT_EVERYTHING to its path",
)
def test_the_typescript_sdks_server_is_among_them() -> None:
    assert {place.sdk for place in PLACES} == set(SDKS)
