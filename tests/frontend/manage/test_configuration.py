"""The configuration in effect, and what it allows whom, as they are asked for."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from argus_trio.contract.settings import ConfigAnswer, ExplainAnswer
from argus_trio.frontend.gateway import Management
from tests.config.support.reading import read
from tests.frontend.support.serving import Answer, Served, ask, serving

CONFIG = read(
    """
    server: {management: {token: hush-0123456789abcdef}}
    backends: {docs: {type: streamable-http, url: "https://docs.example/mcp"}}
    views: {safe: {tools: {deny: ["*write*"]}}}
    middleware:
    - type: authentication
      methods: [{type: bearer, tokens: [{token: hush-fedcba9876543210, principal: ops, roles: [reader]}]}]
    - type: rbac
      roles:
        reader: {allow: ["tool:docs__*", "tool:x"], when: {"tool:x": {/n: {max: 3}}}}
    """
)
MANAGEMENT = Management(config=lambda: CONFIG, file=Path("/etc/argus/config.yaml"), loaded_at=lambda: 1_750_000_000.5)


async def explained(served: Served, **query: object) -> Answer:
    return await ask(served, "GET", f"/manage/v1/explain?{urlencode(query, doseq=True)}")


async def test_the_configuration_is_told_with_its_defaults_and_without_its_secrets() -> None:
    async with serving(management=MANAGEMENT) as served:
        answer = await ask(served, "GET", "/manage/v1/config")
    assert b"hush" not in answer.body
    told = msgspec.json.decode(answer.body, type=ConfigAnswer)
    assert (told.file_path, told.loaded_at, told.generation) == (
        "/etc/argus/config.yaml",
        "2025-06-15T15:06:40.500Z",
        1,
    )
    server = msgspec.convert(told.config["server"], dict[str, object])
    assert server["port"] == 9000
    assert server["management"] == {"token": "[redacted]", "socket": None, "listen": None}
    assert list(msgspec.convert(told.config["backends"], dict[str, object])) == ["docs"]


@pytest.mark.parametrize(
    ("query", "allowed", "line"),
    [
        ({"principal": "ops", "name": "docs__read"}, True, "role reader allows tool:docs__*"),
        ({"principal": "ops", "name": "tool:docs__write", "endpoint": "safe"}, False, "view safe does not show it"),
        ({"principal": "ops", "name": "tool:x", "args": '{"n": 4}'}, False, "/n"),
        ({"principal": "ops", "name": "tool:x", "args": '{"n": 3}'}, True, "/n"),
        ({"principal": "sam", "name": "tool:docs__a", "role": ["reader", "other"]}, True, "no role other in rbac"),
        ({"principal": "ops", "name": "manage:read"}, False, "no rule decides"),
        ({"principal": "operator", "name": "manage:admin"}, True, "may do everything"),
    ],
)
async def test_it_is_explained_what_somebody_may_do(query: dict[str, object], allowed: bool, line: str) -> None:
    async with serving(management=MANAGEMENT) as served:
        answer = msgspec.json.decode((await explained(served, **query)).body, type=ExplainAnswer)
    assert (answer.principal, answer.name, answer.allowed) == (query["principal"], query["name"], allowed)
    assert answer.lines[0] == ("allowed" if allowed else "denied")
    assert line in "\n".join(answer.lines)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"name": "tool:x"}, "principal"),
        ({"principal": "ops"}, "name"),
        ({"principal": "ops", "name": ""}, "NAME is empty"),
        ({"principal": "ops", "name": "manage:all"}, "there is no right"),
        ({"principal": "ops", "name": "tool:x", "endpoint": "none"}, "there are: safe"),
        ({"principal": "ops", "name": "tool:x", "args": "[1]"}, "a JSON object such as"),
        ({"principal": "ops", "name": "tool:x", "args": "{"}, "a JSON object such as"),
        ({"principal": "ops", "name": "tool:x", "roles": "a"}, "there are: principal, name, role"),
        ({"principal": ["ops", "sam"], "name": "tool:x"}, "stands twice"),
    ],
)
async def test_what_cannot_be_explained_is_told_with_what_to_write(query: dict[str, object], words: str) -> None:
    async with serving(management=MANAGEMENT) as served:
        answer = await explained(served, **query)
    is_query = words in ("principal", "name", "stands twice") or "roles" in query
    assert (answer.status, answer.json["error"]) == ((400, "bad_request") if is_query else (404, "no_question"))
    assert words in str(answer.json["detail"])


async def test_without_a_token_and_a_socket_there_is_no_operator() -> None:
    async with serving() as served:
        answer = await explained(served, principal="operator", name="tool:x")
    assert answer.json["lines"] == [
        "denied",
        "there is no operator: server.management names neither a token nor a socket",
    ]
