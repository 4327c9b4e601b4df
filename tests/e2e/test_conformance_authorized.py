"""The official conformance suite against a gateway that asks who comes.

Of its scenarios about authorization none is for a resource server: those of its `client` mode bring a server of their
own, and two are for authorization servers. So all of its `server` mode is played as a client with a signed token, which
passes every kind of middleware; and without a token nothing of it may get through.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import attrs
import pytest

from tests.e2e import gateway, suite
from tests.e2e.child import Child, serving
from tests.e2e.gateway import Gateway, Json
from tests.e2e.raw import LEGACY, MODERN
from tests.e2e.scenarios import SCENARIOS
from tests.e2e.suite import NEVER_RAN, Report
from tests.e2e.tools import Npm
from tests.servers.oidc_issuer import AUDIENCE, Issuer, running_issuer

BRINGS_TOKEN = """
import http from "node:http"
import {getGlobalDispatcher, setGlobalDispatcher} from "UNDICI"
const token = "Bearer " + process.env.TOKEN
const brings = dispatch => (options, handler) => {
  const given = options.headers ?? {}
  const headers = Array.isArray(given) ? [...given, "authorization", token] : {...given, authorization: token}
  return dispatch({...options, headers}, handler)
}
setGlobalDispatcher(getGlobalDispatcher().compose(brings))
const plain = http.request
http.request = (options, ...more) =>
  plain({...options, headers: {...options.headers, authorization: token}}, ...more)
"""
"""The suite has no option for a header field; all that it sends gets one, by whichever of its three clients."""
FOR_CLIENTS, FOR_ISSUERS = "auth/", {"authorization-server-metadata-endpoint", "authorization-code-grant"}


def config(issuer: Issuer, backend: str) -> Json:
    return {
        "server": {"public_url": "https://argus.example"},
        "middleware": [
            {"type": "logging", "arguments": True},
            {"type": "authentication", "methods": [{"type": "jwt", "issuer": issuer.url, "audience": AUDIENCE}]},
            {
                "type": "rbac",
                "roles": {"reader": {"allow": ["tool:*", "prompt:*", "resource:*"]}},
                "scopes": {"tool:*": ["docs.read"], "resource:*": ["docs.write"]},
            },
            {"type": "rate_limit", "limits": [{"scope": "principal", "calls": 10_000, "per": 60}]},
        ],
        "backends": {"conf": gateway.http(backend, prefix="")},
    }


@attrs.frozen(kw_only=True)
class Stand:
    argus: Gateway
    issuer: Issuer
    npm: Npm
    folder: Path

    def report(self, revision: str, *more: str, token: str | None) -> Report:
        """What the suite finds, with and without a token."""
        preload = self.folder / "brings_token.mjs"
        preload.write_text(BRINGS_TOKEN.replace("UNDICI", self.npm.module("undici/index.js")))
        env = {} if token is None else {"NODE_OPTIONS": f"--import={preload}", "TOKEN": token}
        results = self.folder / f"results-{revision}-{token is None}"
        results.mkdir()
        which = more or ("--requirements", revision)
        suite.ran(self.npm, "server", "--url", f"{self.argus.url}/mcp", *which, "--output-dir", str(results), env=env)
        return suite.report(results)


@pytest.fixture(scope="module")
def stand(npm: Npm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("authorized")
    with ExitStack() as children:
        issuer = children.enter_context(running_issuer())
        server = [sys.executable, "-m", "tests.servers.conformance", "--transport", "streamable-http", "--era", "both"]
        port = children.enter_context(Child(server)).wait_for(serving)
        running = gateway.running(config(issuer, f"http://127.0.0.1:{port}/mcp"), folder)
        argus = children.enter_context(running)
        yield Stand(argus=argus, issuer=issuer, npm=npm, folder=folder)


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_every_scenario_passes_for_a_client_with_a_token(stand: Stand, revision: str) -> None:
    report = stand.report(revision, token=stand.issuer.token())
    failed = {each: found.told for each in SCENARIOS[revision] if not (found := report.get(each, NEVER_RAN)).passed}
    assert not failed


def test_nothing_passes_without_a_token(stand: Stand) -> None:
    report = stand.report(LEGACY, "--scenario", "tools-call-simple-text", "--spec-version", LEGACY, token=None)
    assert not any(found.passed for found in report.values())


def test_the_suite_has_no_scenarios_of_authorization_for_servers(npm: Npm) -> None:
    listed = suite.ran(npm, "list").stdout
    sections = re.split(r"^\w.* scenarios \(test against .*\):$", listed, flags=re.MULTILINE)
    servers, clients, issuers = (set(re.findall(r"^  - (\S+) \[", each, re.MULTILINE)) for each in sections[1:4])
    assert {each for each in servers if "auth" in each or "token" in each} == set()
    assert {each for each in clients if "auth" in each} == {each for each in clients if each.startswith(FOR_CLIENTS)}
    assert issuers == FOR_ISSUERS
