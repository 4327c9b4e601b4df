"""The whole gateway that asks who comes: over HTTP, with tokens of the file and of a real issuer with rotating keys."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import pytest

from tests.e2e import gateway
from tests.e2e.gateway import Gateway, Json
from tests.servers.oidc_issuer import AUDIENCE, Issuer, running_issuer

pytestmark = pytest.mark.e2e

CANARY = "canary-0f8e7d6c5b4a39281706"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    },
}


@attrs.frozen
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def challenge(self) -> str:
        return self.headers.get("www-authenticate", "")


def asked(
    running: Gateway, path: str, headers: Mapping[str, str], body: Json | None = None, *, method: str | None = None
) -> Answer:
    data = None if body is None else json.dumps(body).encode()
    accept = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    request = urllib.request.Request(running.url + path, data=data, headers={**accept, **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, {k.lower(): v for k, v in refusal.headers.items()}, refusal.read())


def initialized(running: Gateway, path: str = "/mcp", **headers: str) -> Answer:
    return asked(running, path, {name.replace("_", "-"): value for name, value in headers.items()}, INITIALIZE)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as found:
        yield found


@pytest.fixture(scope="module")
def running(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    config: Json = {
        "server": {"public_url": "HTTPS://Argus.Example/"},
        "middleware": [
            {
                "type": "authentication",
                "methods": [
                    {"type": "bearer", "tokens": [{"token": CANARY, "principal": "ops"}]},
                    {"type": "jwt", "issuer": issuer.url, "audience": AUDIENCE},
                ],
            }
        ],
        "views": {"safe": {}},
        "backends": {"echo": gateway.stdio("echo.py")},
    }
    with gateway.running(config, tmp_path_factory.mktemp("auth")) as found:
        yield found


def test_who_brings_nothing_is_told_where_tokens_come_from_and_gets_no_session(running: Gateway) -> None:
    answer = initialized(running)
    assert answer.status == 401
    document = "https://argus.example/.well-known/oauth-protected-resource/mcp"
    assert answer.challenge == f'Bearer realm="argus", resource_metadata="{document}"'
    assert "mcp-session-id" not in answer.headers
    assert json.loads(answer.body)["error"] == "unauthorized"


def test_the_metadata_name_the_issuer_and_each_endpoint(running: Gateway, issuer: Issuer) -> None:
    for path, resource in (("", "/mcp"), ("/mcp", "/mcp"), ("/mcp/safe", "/mcp/safe"), ("/sse", "/sse")):
        status, document = running.get(f"/.well-known/oauth-protected-resource{path}")
        assert status == 200
        assert document["resource"] == f"https://argus.example{resource}"
        assert document["authorization_servers"] == [issuer.url]
        assert document["bearer_methods_supported"] == ["header"]


@pytest.mark.parametrize("path", ["/mcp", "/mcp/safe"])
def test_right_tokens_of_the_file_and_of_the_issuer_come_in(running: Gateway, issuer: Issuer, path: str) -> None:
    for token in (CANARY, issuer.token()):
        answer = initialized(running, path, authorization=f"Bearer {token}")
        assert answer.status == 200, answer
        assert "mcp-session-id" in answer.headers


def test_a_token_with_a_new_key_comes_in_after_the_issuer_has_rotated(running: Gateway, issuer: Issuer) -> None:
    assert initialized(running, authorization=f"Bearer {issuer.token()}").status == 200
    issuer.rotate("second", curve=False)
    assert initialized(running, authorization=f"Bearer {issuer.token()}").status == 200


def test_wrong_tokens_are_told_as_such_and_nothing_of_them_is_logged(running: Gateway, issuer: Issuer) -> None:
    wrong = issuer.token(aud="https://other.example", sub=CANARY)
    for token in (f"x{CANARY}", wrong, wrong[:-20]):
        answer = initialized(running, "/mcp/safe", authorization=f"Bearer {token}")
        assert answer.status == 401
        assert 'error="invalid_token"' in answer.challenge
        assert answer.challenge.count("/oauth-protected-resource/mcp/safe") == 1
    assert asked(running, "/manage/v1/status", {"authorization": f"Bearer {CANARY}"}).status == 403
    running.event("credentials_refused", reason="audience")
    lines = "\n".join(running.child.lines())
    assert CANARY not in lines
    assert wrong not in lines
    assert issuer.token().partition(".")[0] not in lines


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/mcp"), ("GET", "/mcp"), ("DELETE", "/mcp"), ("POST", "/mcp/safe"), ("GET", "/sse"),
     ("GET", "/sse/safe"), ("POST", "/messages?sessionId=x"), ("POST", "/manage/v1/reload"),
     ("OPTIONS", "/mcp"),
     ("PUT", "/mcp")],
)  # fmt: skip
def test_every_edge_asks_before_anything_else(running: Gateway, method: str, path: str) -> None:
    for headers in ({}, {"mcp-session-id": "x"}, {"mcp-protocol-version": "2026-07-28"}):
        body = {"jsonrpc": "2.0", "id": 1, "method": "server/discover"} if method == "POST" else None
        answer = asked(running, path, headers, body, method=method)
        assert (answer.status, json.loads(answer.body)["error"]) == (401, "unauthorized")
        assert answer.challenge.startswith('Bearer realm="argus"')
        assert "mcp-session-id" not in answer.headers


def test_a_session_is_no_credential(running: Gateway) -> None:
    session = initialized(running, authorization=f"Bearer {CANARY}").headers["mcp-session-id"]
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    headers = {"mcp-session-id": session}
    assert asked(running, "/mcp", headers, ping).status == 401
    assert asked(running, "/mcp", {**headers, "authorization": f"Bearer {CANARY}"}, ping).status == 200


def test_anybody_may_probe(running: Gateway) -> None:
    assert running.get("/manage/v1/health")[0] == 200
    assert running.get("/manage/v1/backends")[0] == 401
    assert running.get("/nothing/here")[0] == 401


def test_a_reload_takes_a_token_away_and_brings_another(tmp_path: Path) -> None:
    def config(token: str) -> Json:
        method = {"type": "bearer", "tokens": [{"token": token, "principal": "ops"}]}
        authentication = {"type": "authentication", "methods": [method]}
        return {"server": {"watch": False}, "middleware": [authentication], "backends": {}}

    first, second = f"{CANARY}-first", f"{CANARY}-second"
    with gateway.running(config(first), tmp_path) as found:
        assert initialized(found, authorization=f"Bearer {first}").status == 200
        gateway.written(config(second), tmp_path, found.mark)
        found.child.signal(signal.SIGHUP)
        found.event("reloaded")
        assert initialized(found, authorization=f"Bearer {second}").status == 200
        refused = initialized(found, authorization=f"Bearer {first}")
        assert (refused.status, refused.challenge.partition(",")[0]) == (401, 'Bearer realm="argus"')
        assert CANARY not in "\n".join(found.child.lines())
