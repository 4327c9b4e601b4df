"""No credential of a client comes out anywhere: answers, log, traces, metrics, what backends are given and are sent."""

from __future__ import annotations

import base64
import hashlib
import http.client
import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import attrs
import pytest

from tests.e2e import gateway
from tests.e2e.child import Child, marked
from tests.e2e.collector import CLIENT, Collector, collecting
from tests.e2e.gateway import Json
from tests.e2e.mirror import mirroring
from tests.e2e.raw import LEGACY, MODERN, Raw
from tests.servers.oidc_issuer import AUDIENCE, Issuer, running_issuer

Form = Literal["console", "json"]
CANARIES = {name: f"{name}-Canary.0f8e7d6c5b4a39281706" for name in ("bearer", "api_key", "header")}
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "100", "API_KEY": CANARIES["api_key"]}
SOURCES = (f"127.0.{number // 250 + 1}.{number % 250 + 1}" for number in itertools.count())
"""Addresses to ask from: refusals are held back where many wrong credentials come from one."""


@attrs.frozen(kw_only=True)
class Stand:
    """A gateway that tells as much as it can, and what comes of it."""

    url: str
    mark: str
    child: Child
    collector: Collector
    issuer: Issuer


def config(collector: Collector, issuer: Issuer, mirrors: Mapping[str, str]) -> Json:
    digest = hashlib.sha256(CANARIES["bearer"].encode()).hexdigest()
    methods = [
        {"type": "header", "header": "X-Forwarded-User"},
        {"type": "bearer", "tokens": [{"token": f"sha256:{digest}", "principal": "ops", "roles": ["all"]}]},
        {"type": "api_key", "keys": [{"key": "${API_KEY}", "principal": "ci", "roles": ["all"]}]},
        {"type": "jwt", "issuer": issuer.url, "audience": AUDIENCE},
    ]
    rules = {"all": {"allow": ["*"], "deny": ["tool:echo__big"]}}
    return {
        "server": {"public_url": "https://argus.example", "trusted_proxies": ["127.0.0.0/8"]},
        "middleware": [
            {"type": "logging", "arguments": True, "results": True},
            {"type": "telemetry", "otlp_endpoint": collector.url, "arguments": True},
            {"type": "authentication", "methods": methods},
            {"type": "rbac", "default": "allow", "roles": rules, "scopes": {"tool:echo__structured": ["more"]}},
            {"type": "rate_limit", "limits": [{"scope": "principal", "calls": 2, "per": 600, "tools": ["*__slow"]}]},
        ],
        "views": {"safe": {}},
        "backends": {
            "echo": gateway.stdio("echo.py"),
            **{name: gateway.http(url) for name, url in mirrors.items()},
        },
    }


@pytest.fixture(scope="module", params=["json", "console"])
def stand(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    form: Form = request.param
    folder = tmp_path_factory.mktemp(form)
    with ExitStack() as children:
        collector, issuer = children.enter_context(collecting()), children.enter_context(running_issuer())
        mirrors = {era: children.enter_context(mirroring(era)) for era in ("legacy", "modern")}
        options = ["--log-level", "debug", "--log-format", form]
        running = gateway.running(config(collector, issuer, mirrors), folder, env=QUICK, arguments=options)
        argus = children.enter_context(running)
        yield Stand(url=argus.url, mark=argus.mark, child=argus.child, collector=collector, issuer=issuer)


@attrs.frozen(kw_only=True)
class Credential:
    """What a client brings: its header fields, the same wrong, and the words that must come out nowhere."""

    right: Mapping[str, str]
    wrong: Mapping[str, str]
    words: tuple[str, ...]


def credential(method: str, issuer: Issuer) -> Credential:
    if method == "jwt":
        token = issuer.token(roles=["all"], scope="some", jti="Jwt-Canary.0f8e7d6c5b4a39281706")
        wrong = issuer.token(roles=["all"], aud="https://other.example")
        bearers = [{"Authorization": f"Bearer {each}"} for each in (token, wrong)]
        words = ("Jwt-Canary", *(part for each in (token, wrong) for part in each.split(".")[1:]))
        return Credential(right=bearers[0], wrong=bearers[1], words=words)
    canary = CANARIES[method]
    words = (
        canary,
        base64.b64encode(canary.encode()).decode().rstrip("="),
        hashlib.sha256(canary.encode()).hexdigest(),
    )
    field, start = ("X-API-Key", "") if method == "api_key" else ("Authorization", "Bearer ")
    if method == "header":  # what a proxy passes on beside its own word is a credential too
        right = {"X-Forwarded-User": "zoe", field: start + canary, "Cookie": f"session={canary}"}
        return Credential(right=right, wrong={**right, "X-Forwarded-User": "ops"}, words=words)
    return Credential(right={field: start + canary}, wrong={field: f"{start}{canary}x"}, words=words)


class Client(Raw):
    """A client that brings a credential, and keeps whatever comes back."""

    def __init__(self, url: str, revision: str, fields: Mapping[str, str]) -> None:
        self.fields = fields
        self.seen: list[str] = []
        super().__init__(url, revision)

    def post(self, message: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
        status, answered, body = super().post(message, **{**self.fields, **headers})
        self.seen += [str(answered), body.decode()]
        return status, answered, body


def fetched(url: str, method: str, path: str, fields: Mapping[str, str]) -> str:
    """Status, header fields and the beginning of the body of an answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10, source_address=(next(SOURCES), 0))
    try:
        connection.request(method, path, b"{" if method == "POST" else None, dict(fields))
        answer = connection.getresponse()
        return f"{answer.status} {answer.getheaders()} {answer.read1().decode()}"
    finally:
        connection.close()


def played(stand: Stand, brought: Credential, revision: str) -> list[str]:
    """All that a client with this credential is answered, right and wrong."""
    client = Client(stand.url, revision, brought.right)
    for name in ("echo", "fail", "refuse", "structured", "environment", "process", "big", "nothing"):
        client.request("tools/call", name=f"echo__{name}", arguments={"text": "x", "bytes": 3})
    for _ in range(3):
        client.request("tools/call", name="echo__slow", arguments={"seconds": 0})
    for era in ("legacy", "modern"):
        assert "headers" in client.call(f"{era}__look")["structuredContent"]
    client.request("tools/list")
    client.post([])
    assert fetched(stand.url, "GET", "/mcp", brought.wrong).startswith("401")
    for fields in (brought.right, brought.wrong):
        for method, path in (
            ("GET", "/sse"), ("GET", "/sse/safe"), ("GET", "/mcp"), ("POST", "/mcp/safe"), ("POST", "/mcp/nowhere"),
            ("POST", "/messages?sessionId=x"), ("GET", "/manage/v1/backends"), ("GET", "/manage/v1/status"),
            ("POST", "/manage/v1/reload"), ("GET", "/.well-known/oauth-protected-resource/mcp"),
        ):  # fmt: skip
            client.seen.append(fetched(stand.url, method, path, fields))
    return client.seen


def children_of(stand: Stand) -> list[str]:
    """The arguments and the environment of everything below the gateway."""
    pids = [pid for pid in marked(stand.mark) if pid != stand.child.pid]
    assert pids
    files = [Path(f"/proc/{pid}/{name}") for pid in pids for name in ("cmdline", "environ")]
    return [file.read_bytes().decode(errors="replace") for file in files]


@pytest.mark.parametrize("method", ["bearer", "api_key", "header", "jwt"])
def test_no_credential_comes_out_anywhere(stand: Stand, method: str) -> None:
    brought = credential(method, stand.issuer)
    before = len(stand.collector.spans)
    answers = [answer for revision in (LEGACY, MODERN) for answer in played(stand, brought, revision)]
    stand.collector.wait_for(lambda: len(stand.collector.spans) > before + 20 or None)
    stand.collector.wait_for(lambda: stand.collector.labels or None)
    sinks = {
        "an answer": answers,
        "the log": stand.child.lines(),
        "what the collector got": [body.decode(errors="replace") for body in stand.collector.bodies],
        "a request to the collector": [str(headers) for headers in stand.collector.headers],
        "a child": children_of(stand),
        "a request to the issuer": stand.issuer.asked,
    }
    for sink, texts in sinks.items():
        assert texts or sink == "a request to the issuer", sink
        for text in texts:
            assert not any(word in text for word in brought.words), (sink, text[:500])
    assert any("look" in span.name and span.kind == CLIENT for span in stand.collector.spans)
    assert any("request" in line and "echo__structured" in line for line in stand.child.lines())
