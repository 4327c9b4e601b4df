"""The official conformance suite's `server` mode, through the gateway: every scenario that a revision requires.

The backend is tests/servers/conformance, over either transport, in the era of the suite's client and in the other one.
A scenario is a test; the suite runs once for each combination. `--expected-failures` is not used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import attrs
import pytest
from _pytest.mark import ParameterSet

from tests.e2e import gateway, suite
from tests.e2e.child import ROOT, Child, serving
from tests.e2e.gateway import Gateway, Json
from tests.e2e.raw import LEGACY, META, MODERN, Raw
from tests.e2e.scenarios import NOT_PLAYED, PREFIXED, SCENARIOS
from tests.e2e.suite import NEVER_RAN, Report
from tests.e2e.tools import Npm

Transport = Literal["stdio", "streamable-http"]
Era = Literal["both", "legacy", "modern"]

INEXPRESSIBLE: dict[tuple[str, Era], dict[str, str]] = {
    (LEGACY, "modern"): {
        "server-sse-polling": "a modern backend has no stream that it could close to be asked again",
    },
    (MODERN, "legacy"): {
        "input-required-result-basic-elicitation": "it wants the server's own key of a question; legacy ones have none",
        "input-required-result-multiple-input-requests": "a legacy backend asks one thing, and waits, and then another",
        "input-required-result-ignore-extra-params": "it answers, by key, what nobody has asked yet",
    },
}
"""What one era can say and the other cannot, for suite and backend of different eras."""


@attrs.frozen(kw_only=True)
class Combination:
    """A revision for the suite, a backend, and how its names are shown; `transport` None is without a gateway.
    `http` is what speaks HTTP/1.1 with the suite."""

    revision: str
    transport: Transport | None = None
    era: Era = "both"
    prefix: str = ""
    http: Literal["lean", "hypercorn"] = "lean"

    def __str__(self) -> str:
        if self.transport is None:
            return f"{self.revision}-direct"
        how = ("-prefixed" if self.prefix else "") + ("-hypercorn" if self.http == "hypercorn" else "")
        return f"{self.revision}-{self.transport}-{self.era}{how}"

    @property
    def spoken(self) -> str:
        """The revision that the gateway speaks to the backend: the newest that the backend knows."""
        return LEGACY if self.era == "legacy" else MODERN

    @property
    def scenarios(self) -> list[str]:
        if self.prefix:
            return PREFIXED[self.revision]
        crossing: Era = "legacy" if self.spoken == LEGACY else "modern"
        beyond = INEXPRESSIBLE.get((self.revision, crossing), {}) if self.transport is not None else {}
        return [scenario for scenario in SCENARIOS[self.revision] if scenario not in beyond]


DIRECT = [Combination(revision=revision) for revision in (LEGACY, MODERN)]
ERAS: Mapping[str, tuple[Era, ...]] = {LEGACY: ("both", "legacy", "modern"), MODERN: ("both", "legacy")}
"""To the gateway a backend of both eras is a modern one, so that the suite's modern client needs no other."""
TRANSPORTS: tuple[Transport, ...] = ("stdio", "streamable-http")
BARE = [
    Combination(revision=revision, transport=transport, era=era)
    for revision, eras in ERAS.items()
    for transport in TRANSPORTS
    for era in eras
]
WITH_PREFIX = [Combination(revision=revision, transport="stdio", prefix="conf") for revision in (LEGACY, MODERN)]
WITH_HYPERCORN = [Combination(revision=each, transport="stdio", http="hypercorn") for each in (LEGACY, MODERN)]
"""Once for each revision: what is behind the gateway does not meet what speaks HTTP in front of it."""
COMBINATIONS = [*DIRECT, *BARE, *WITH_PREFIX, *WITH_HYPERCORN]


def backend(combination: Combination, children: ExitStack) -> Json:
    """The conformance server as the gateway's configuration has it; one that listens is started."""
    transport = combination.transport or "streamable-http"
    arguments = ["-m", "tests.servers.conformance", "--transport", transport, "--era", combination.era]
    more: Json = {"prefix": combination.prefix}
    if transport == "stdio":
        env = {"PYTHONPATH": str(ROOT)}
        return {"type": "stdio", "command": sys.executable, "args": arguments, "env": env, **more}
    child = children.enter_context(Child([sys.executable, *arguments]))
    return gateway.http(f"http://127.0.0.1:{child.wait_for(serving)}/mcp", **more)


def behind_gateway(combination: Combination, folder: Path, children: ExitStack) -> Gateway:
    config = {"server": {"http": combination.http}, "backends": {"conf": backend(combination, children)}}
    argus = children.enter_context(gateway.running(config, folder))
    argus.event("backend_ready", backend="conf", revision=combination.spoken)
    return argus


def warm_up(argus: Gateway, combination: Combination) -> None:
    """Call once as a client that can be asked: such a one gets a process of its own, and `server-stateless` allows the
    answer 0.6 seconds, less than a process of the SDK needs to start."""
    meta = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {"elicitation": {}}}
    name = f"{combination.prefix}__test_simple_text" if combination.prefix else "test_simple_text"
    Raw(argus.url, MODERN).result("tools/call", name=name, arguments={}, _meta=meta)


def played(combination: Combination, npm: Npm, folder: Path) -> Report:
    """Run the suite in one combination."""
    with ExitStack() as children:
        if combination.transport is None:
            url = backend(combination, children)["url"]
        else:
            argus = behind_gateway(combination, folder, children)
            url = argus.url + "/mcp"
            if (combination.revision, combination.transport, combination.era) == (MODERN, "stdio", "legacy"):
                warm_up(argus, combination)
        results = folder / "results"
        results.mkdir()
        done = suite.ran(
            npm, "server", "--url", url, "--requirements", combination.revision, "--output-dir", str(results)
        )
    assert "=== SUMMARY ===" in done.stdout, done.stdout
    return suite.report(results)


@pytest.fixture(scope="module")
def report_of(npm: Npm, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Combination], Report]:
    """What the suite found in a combination; it is run by the first test that asks."""
    reports: dict[Combination, Report] = {}

    def report(combination: Combination) -> Report:
        if combination not in reports:
            reports[combination] = played(combination, npm, tmp_path_factory.mktemp("conformance"))
        return reports[combination]

    return report


def cases() -> list[ParameterSet]:
    found = []
    for combination in COMBINATIONS:
        for scenario in combination.scenarios:
            found.append(pytest.param(combination, scenario, id=f"{combination}-{scenario}"))
    return found


@pytest.mark.parametrize(("combination", "scenario"), cases())
def test_the_scenario_passes(
    report_of: Callable[[Combination], Report], combination: Combination, scenario: str
) -> None:
    found = report_of(combination).get(scenario, NEVER_RAN)
    if not found.passed:
        pytest.fail(found.told)


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_no_scenario_is_missing(report_of: Callable[[Combination], Report], combination: Combination) -> None:
    known = {*SCENARIOS[combination.revision], *NOT_PLAYED[combination.revision]}
    assert known == set(report_of(combination))


def test_what_is_set_aside_is_known_to_the_suite() -> None:
    for (revision, _), beyond in INEXPRESSIBLE.items():
        assert set(beyond) <= set(SCENARIOS[revision])
    for revision, playable in PREFIXED.items():
        assert set(playable) <= set(SCENARIOS[revision])
