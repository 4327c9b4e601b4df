"""What is hidden from somebody makes no difference to any operation of the management API, and no secret is told.

Two gateways are asked the same by somebody without a rule for managing: one has a hidden backend, which others use, and
the other has none.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from argus_trio.contract.openapi import operations
from argus_trio.contract.operation import BASE
from tests.e2e import gateway
from tests.e2e.gateway import Gateway, Json

pytestmark = pytest.mark.e2e

TOKENS = {name: f"{name}-Canary.0f8e7d6c5b4a39281706" for name in ("guest", "other", "boss", "operator")}
CANARIES = {name: f"{name}-Canary.1f8e7d6c5b4a39281706" for name in ("env", "brought", "file", "argument")}
PUBLIC = ("/health", "/ready")
"""How many backends there are is told to everybody."""
NAMES = ("docs", "vault", "none")
ASKED = (
    *(f"GET /capabilities?{query}" for query in ("backend=vault", "search=open", "hidden=true", "principal=boss")),
    *(f"GET /exchanges?{query}" for query in ("state=done&backend=vault", "backend=vault")),
    "GET /explain?principal=boss&name=tool:vault__echo",
    "GET /logs/vault?follow=true",
    "GET /capabilities?backend=none",
)
WATCHED = (
    "GET /batch", "GET /config", "GET /events", "GET /exchanges", "GET /logs/docs", "GET /logs/vault", "GET /metrics",
    "GET /reload", "GET /sessions", "GET /status", "GET /tree",
)  # fmt: skip
"""What the operator looks at, in which no secret is either."""
CALLS = ("docs__echo", "docs__fail", "vault__echo", "none__echo")


def config(folder: Path, *, has_hidden: bool) -> Json:
    (folder / "key").write_text(CANARIES["file"])
    env = {"API_KEY": CANARIES["env"], "BROUGHT": "${BROUGHT}", "FILE": "${file:key}"}
    vault = {"vault": gateway.stdio("echo.py", env=env)} if has_hidden else {}
    people = [{"token": TOKENS[name], "principal": name, "roles": [name]} for name in ("guest", "other", "boss")]
    roles = {
        "guest": {"allow": ["tool:docs__echo", "tool:docs__slow"]},
        "other": {"allow": ["tool:docs__echo", "tool:docs__slow"]},
        "boss": {"allow": ["*"]},
    }
    return {
        "backends": {"docs": gateway.stdio("echo.py"), **vault},
        "server": {"management": {"token": TOKENS["operator"]}},
        "middleware": [
            {"type": "authentication", "methods": [{"type": "bearer", "tokens": people}]},
            {"type": "rbac", "roles": roles},
        ],
    }


def asked(running: Gateway, who: str, line: str, body: object = None) -> str:
    """The whole answer, but for times, durations and the instance of the gateway."""
    method, _, path = line.partition(" ")
    connection = http.client.HTTPConnection(running.url.rpartition("//")[2], timeout=10)
    sent = None if body is None else json.dumps(body)
    fields = {"Authorization": f"Bearer {TOKENS[who]}", "Content-Type": "application/json"}
    connection.request(method, BASE + path, sent, fields)
    answer = connection.getresponse()
    told = f"{answer.status} {sorted(answer.getheaders())} {answer.read().decode()}"
    connection.close()
    told = re.sub(r"\('(date|content-length)', '[^']*'\)", "", told)
    told = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", told)
    told = re.sub(r'"(age_seconds|idle_seconds|latency_ms)":[\d.]+', "", told)
    return re.sub(r"\b[0-9a-f]{8}([-.]\d+)", r"\1", told)


def lines() -> Iterator[str]:
    """Every operation by every method, about what there is, what is hidden, and what there is not."""
    for operation in operations():
        if operation.path in PUBLIC:
            continue
        for name in NAMES if "{" in operation.path else NAMES[:1]:
            for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE"):
                yield f"{method} {re.sub(r'{[a-z]+}', name, operation.path)}"
    yield from ASKED


def told(running: Gateway) -> Mapping[str, str]:
    """What the guest is answered, while others use what they have."""
    found: dict[str, str] = {}
    for name in CALLS:
        for who in ("other", "boss"):
            asked(running, who, "POST /tools/call", {"tool": name, "arguments": {"text": CANARIES["argument"]}})
        found[name] = asked(running, "guest", "POST /tools/call", {"tool": name, "arguments": {"text": "x"}})
    for line in lines():
        found[line] = asked(running, "guest", line, {} if line.startswith("POST") else None)
    return found


def test_what_is_hidden_makes_no_difference_and_no_secret_is_told(tmp_path: Path) -> None:
    answers: list[Mapping[str, str]] = []
    for has_hidden in (True, False):
        folder = tmp_path / str(has_hidden)
        folder.mkdir()
        environ = {"BROUGHT": CANARIES["brought"]}
        settings = config(folder, has_hidden=has_hidden)
        with gateway.running(settings, folder, env=environ, arguments=["--log-level", "debug"]) as running:
            answers.append(told(running))
            if has_hidden:
                seen = [asked(running, "operator", line) for line in WATCHED]
                assert all(text.startswith("200 ") for text in seen)
                for text in (*answers[0].values(), *seen, *running.child.lines()):
                    assert not any(canary in text for canary in (*CANARIES.values(), *TOKENS.values())), text[:500]
    with_it, without_it = answers
    assert {line: (text, without_it[line]) for line, text in with_it.items() if text != without_it[line]} == {}
    for line, text in with_it.items():
        if line != "GET /openapi.json":
            assert not re.search(r"\b(boss|other|operator)\b", text.replace("boss-", "")), (line, text)
