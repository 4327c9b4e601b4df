"""A call by the management API is judged as one over MCP is: by the same rules, limits, views and words."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from argus_trio.config.model.config import Config
from argus_trio.core.access.principal import Principal
from argus_trio.pipeline.build import build_pipeline
from argus_trio.pipeline.pipeline import Pipeline
from tests.backends.support.fakes import FakeBackend
from tests.backends.support.supervised import named
from tests.perspectives.hiding import docs, same, vault
from tests.perspectives.whole import AUTHENTICATION, config_of, whole

PEOPLE = {name: Principal(name=name, roles=frozenset({name})) for name in ("guest", "admin")}
CONFIG = f"""
backends: {{docs: {{type: stdio, command: x}}, vault: {{type: stdio, command: x}}}}
views: {{safe: {{tools: {{deny: ["*write*"]}}}}}}
middleware:
  - {{type: logging}}{AUTHENTICATION}
  - type: rbac
    roles:
      admin: {{allow: ["*"]}}
      guest:
        allow: ["tool:docs__read", "prompt:docs__ask", "resource:file:///pub/*"]
        when: {{"tool:docs__read": {{/path: {{under: /srv}}}}}}
  - {{type: rate_limit, limits: [{{scope: principal, calls: 3, per: 60}}]}}
"""
OPERATIONS = {"tools/call": ("/tools/call", "tool"), "resources/read": ("/resources/read", "uri")}
OPERATIONS["prompts/get"] = ("/prompts/get", "name")


def with_pipeline(text: str = CONFIG) -> tuple[Config, Pipeline]:
    config = config_of(text)
    return config, build_pipeline(config, source="config.yaml", folder=Path("/"))


UNLIMITED = CONFIG.replace("calls: 3", "calls: 300")


@pytest.mark.parametrize(
    ("method", "denied", "unknown"),
    [
        ("tools/call", "docs__write", "docs__wrote"),
        ("tools/call", "vault__open", "fault__open"),
        ("prompts/get", "docs__tell", "docs__sell"),
        ("resources/read", "file:///key", "file:///kex"),
        ("resources/read", "vault://gold", "vault://sold"),
    ],
)
async def test_what_is_hidden_is_as_unknown(autojump_clock: MockClock, method: str, denied: str, unknown: str) -> None:
    path, member = OPERATIONS[method]
    config, pipeline = with_pipeline(UNLIMITED)
    async with whole(config, {"docs": docs(), "vault": vault()}, PEOPLE, pipeline) as gateway:
        await trio.sleep(1)
        for accept in ("*/*", "text/event-stream"):
            one = await gateway.manage("guest", path, accept, **{member: denied})
            other = await gateway.manage("guest", path, accept, **{member: unknown})
            if accept == "*/*":
                same(one, other, **{denied: unknown})
                assert (one.status, one.answer["error"]) == (404, "unknown_target")
            else:
                last, other_last = (each.body.rpartition(b"event: error\n")[2] for each in (one, other))
                assert last.replace(denied.encode(), unknown.encode()) == other_last
                assert b'"error":"unknown_target"' in last
        assert (await gateway.manage("admin", path, **{member: denied})).status == 200


async def test_a_condition_on_arguments_refuses_as_over_mcp(autojump_clock: MockClock) -> None:
    config, pipeline = with_pipeline(UNLIMITED)
    async with whole(config, {"docs": docs(), "vault": vault()}, PEOPLE, pipeline) as gateway:
        await trio.sleep(1)
        refused = await gateway.manage("guest", "/tools/call", tool="docs__read", arguments={"path": "/etc/x"})
        over_mcp = (await gateway.call("guest", "tools/call", name="docs__read", arguments={"path": "/etc/x"})).answer
        assert (refused.status, refused.answer["error"]) == (403, "refused")
        error = over_mcp["error"]
        assert error == {"code": refused.answer["code"], "message": refused.answer["detail"]} | {
            "data": refused.answer["data"]
        }
        assert error["code"] == -31011
        served = await gateway.manage("guest", "/tools/call", tool="docs__read", arguments={"path": "/srv/x"})
        assert (served.status, served.answer["tool"]) == (200, "docs__read")


async def test_calls_by_both_ways_are_counted_together(autojump_clock: MockClock) -> None:
    config, pipeline = with_pipeline()
    async with whole(config, {"docs": docs(), "vault": vault()}, PEOPLE, pipeline) as gateway:
        await trio.sleep(1)
        assert "result" in (await gateway.call("admin", "tools/call", name="docs__read")).answer
        assert (await gateway.manage("admin", "/tools/call", tool="docs__read")).status == 200
        assert (await gateway.manage("admin", "/prompts/get", name="docs__ask")).status == 200
        limited = await gateway.manage("admin", "/tools/call", tool="docs__read")
        assert (limited.status, limited.answer["error"], limited.headers["retry-after"]) == (429, "rate_limited", "20")
        over_mcp = (await gateway.call("admin", "tools/call", name="docs__read")).answer["error"]
        assert over_mcp == {"code": limited.answer["code"], "message": limited.answer["detail"]} | {
            "data": limited.answer["data"]
        }


async def test_a_view_shows_what_it_shows_and_an_unknown_one_is_told(autojump_clock: MockClock) -> None:
    config, pipeline = with_pipeline(UNLIMITED)
    async with whole(config, {"docs": docs(), "vault": vault()}, PEOPLE, pipeline) as gateway:
        await trio.sleep(1)
        hidden = await gateway.manage("admin", "/tools/call", tool="docs__write", endpoint="safe")
        unknown = await gateway.manage("admin", "/tools/call", tool="docs__wrote", endpoint="safe")
        same(hidden, unknown, docs__write="docs__wrote")
        assert (await gateway.manage("admin", "/tools/call", tool="docs__read", endpoint="safe")).status == 200
        nowhere = await gateway.manage("admin", "/tools/call", tool="docs__read", endpoint="other")
        assert (nowhere.status, nowhere.answer["error"]) == (404, "unknown_view")


async def test_a_call_is_logged_with_the_way_it_came(autojump_clock: MockClock) -> None:
    config, pipeline = with_pipeline(UNLIMITED)
    async with whole(config, {"docs": docs(), "vault": vault()}, PEOPLE, pipeline) as gateway:
        await trio.sleep(1)
        with capture_logs() as logs:
            answer = await gateway.manage("admin", "/tools/call", tool="docs__read")
        (line,) = [each for each in logs if each["event"] == "request"]
    assert answer.answer["backend"] == "docs"
    assert (line["transport"], line["principal"], line["backend"], line["outcome"]) == (
        "management",
        "admin",
        "docs",
        "ok",
    )


async def test_who_is_not_known_calls_nothing(autojump_clock: MockClock) -> None:
    config, pipeline = with_pipeline(UNLIMITED)
    backend = FakeBackend(tools=named("read"))
    async with whole(config, {"docs": backend, "vault": vault()}, PEOPLE, pipeline) as gateway:
        await trio.sleep(1)
        answer = await gateway.manage("mallory", "/tools/call", tool="docs__read")
        assert answer.status == 401
    assert "tools/call" not in [method for method, _ in backend.seen]
