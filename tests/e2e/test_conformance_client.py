"""The official conformance suite's `client` mode: the gateway is the client, driven by tests/e2e/conformance_client.py.

The suite brings the servers, one for each scenario, and looks at what comes to them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest

from tests.e2e import suite
from tests.e2e.clients import Edge
from tests.e2e.conformance_client import PLAYS
from tests.e2e.raw import LEGACY, MODERN
from tests.e2e.suite import NEVER_RAN, Verdict
from tests.e2e.tools import Npm

SCENARIO_MS = 40_000
"""For one scenario, the start of the gateway and of its client included, on a machine that is busy."""

NOT_PLAYED = {
    "auth/": "logging in to a backend with OAuth",
    "sep-2640-client-": "skills are fetched and verified by a host; to a gateway they are resources like others",
}
"""Scenarios, by how their names begin, that concern no part of the gateway that is tested here."""

PARDONED = {
    "ClientMcpMethodHeader_initialize": "a modern client sends no initialize",
    "ClientMcpMethodHeader_notifications_initialized": "nor this",
    "ClientDeclaresRootsCapability": "the gateway declares what its client does, and this one has no roots",
    "ClientDeclaresSamplingCapability": "nor a model",
    "ClientDeclaresElicitationCapability": "lists may be asked for on a connection that declares nothing",
    "ClientRespectsRetryField": "a busy machine comes back late, which is a warning; too early would be a failure",
}
"""Checks, by name, that may be skipped or come to a warning."""


@attrs.frozen(kw_only=True)
class Case:
    """A scenario, the revision of the suite's server, and the edge of the client before the gateway."""

    scenario: str
    revision: str
    edge: Edge

    def __str__(self) -> str:
        return f"{self.scenario}-{self.revision}-from-{self.edge}"


OWN_ERA = {
    LEGACY: [
        "initialize",
        "tools_call",
        "elicitation-sep1034-client-defaults",
        "sse-retry",
        "json-schema-2020-12-preservation",
    ],
    MODERN: [
        "tools_call",
        "request-metadata",
        "sep-2322-client-request-state",
        "http-standard-headers",
        "http-custom-headers",
        "http-invalid-tool-headers",
        "json-schema-ref-no-deref",
        "json-schema-2020-12-preservation",
    ],
}
CROSSING: list[tuple[str, str, Edge]] = [
    ("elicitation-sep1034-client-defaults", LEGACY, "modern"),
    ("elicitation-sep1034-client-defaults", LEGACY, "sse"),
    ("sep-2322-client-request-state", MODERN, "legacy"),
    ("tools_call", MODERN, "sse"),
]
CASES = [
    *(Case(scenario=scenario, revision=LEGACY, edge="legacy") for scenario in OWN_ERA[LEGACY]),
    *(Case(scenario=scenario, revision=MODERN, edge="modern") for scenario in OWN_ERA[MODERN]),
    *(Case(scenario=scenario, revision=revision, edge=edge) for scenario, revision, edge in CROSSING),
]


def played(case: Case, npm: Npm, folder: Path) -> tuple[Verdict, str]:
    """What the suite found in one case, and its output."""
    command = f"{sys.executable} -m tests.e2e.conformance_client {case.edge}"
    mode = ["client", "--command", command, "--scenario", case.scenario, "--spec-version", case.revision]
    done = suite.ran(npm, *mode, "--timeout", str(SCENARIO_MS), "--output-dir", str(folder))
    return suite.report(folder, PARDONED).get(case.scenario, NEVER_RAN), done.stdout


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, npm: Npm, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[Case, Future[tuple[Verdict, str]]]]:
    """The cases that this run selects, two at a time: half of what one takes is waiting for processes to start."""
    specs = [getattr(item, "callspec", None) for item in request.session.items if item.path == request.path]
    cases = [spec.params["case"] for spec in specs if spec is not None]
    with ThreadPoolExecutor(2) as pool:
        yield {case: pool.submit(played, case, npm, tmp_path_factory.mktemp("conformance")) for case in cases}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_scenario_passes(outcomes: dict[Case, Future[tuple[Verdict, str]]], case: Case) -> None:
    found, output = outcomes[case].result()
    if not found.passed:
        pytest.fail(f"{found.told}\n{output}")
    assert "Client exited with code" not in output, output


def test_every_scenario_is_played_or_has_a_reason_not_to(npm: Npm) -> None:
    _, listed = suite.ran(npm, "list").stdout.split("Client scenarios", 1)
    scenarios = set(re.findall(r"^  - (\S+) \[", listed.split("\n\n", 1)[0], re.MULTILINE))
    assert set(PLAYS) <= scenarios
    assert {scenario for scenario in scenarios - set(PLAYS) if not scenario.startswith(tuple(NOT_PLAYED))} == set()
    assert {case.scenario for case in CASES} == set(PLAYS)
