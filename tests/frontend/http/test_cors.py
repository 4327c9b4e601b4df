"""Pages of other origins: those that are listed can talk to the MCP endpoints from a browser, no others can."""

from __future__ import annotations

import pytest

from argus_trio.config.model.server import Server
from argus_trio.frontend.http.served_settings import ServedSettings
from tests.frontend.support.serving import Answer, ask, modern, modern_headers, post, rpc, serving

ORIGIN = "https://app.example"
SETTINGS = Server(port=0, allowed_origins=(ORIGIN,))
HEADERS = "authorization,content-type, mcp-session-id,mcp-param-region,X-Own"


def preflight(method: str = "POST", origin: str = ORIGIN) -> dict[str, str]:
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": HEADERS,
    }


def told(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/sse", "/messages", "/messages/"])
async def test_a_preflight_of_a_listed_origin_allows_what_a_client_needs(path: str) -> None:
    async with serving(settings=SETTINGS) as served:
        answer = await ask(served, "OPTIONS", path, preflight("DELETE"))
    assert answer.status == 204
    assert told(answer) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET, POST, DELETE",
        "access-control-allow-headers": HEADERS,
        "access-control-expose-headers": "Mcp-Session-Id, Mcp-Protocol-Version, WWW-Authenticate, Retry-After",
        "access-control-max-age": "7200",
    }


@pytest.mark.parametrize("names", ["", "a b", "a,,b", "x" * 5000, "a;b"])
async def test_what_are_no_header_names_is_not_repeated(names: str) -> None:
    async with serving(settings=SETTINGS) as served:
        answer = await ask(served, "OPTIONS", "/mcp", {**preflight(), "access-control-request-headers": names})
    assert "access-control-allow-headers" not in answer.headers


async def test_a_page_of_a_listed_origin_can_read_answers_and_refusals() -> None:
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "page", "version": "1"}}
    async with serving(settings=SETTINGS) as served:
        greeted = await post(served, rpc("initialize", params), {"origin": ORIGIN})
        modern_one = await post(
            served, modern("tools/list"), {**modern_headers("tools/list"), "origin": ORIGIN.upper() + "/"}
        )
        refused = await post(served, b"{", {"origin": ORIGIN})
        unserved = await ask(served, "PUT", "/mcp", {"origin": ORIGIN})
    assert "mcp-session-id" in greeted.headers
    assert [answer.status for answer in (greeted, modern_one, refused, unserved)] == [200, 200, 400, 405]
    for answer in (greeted, refused, unserved):
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "Mcp-Session-Id" in answer.headers["access-control-expose-headers"]
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["http://localhost:6274", "https://evil.example", "null", "https://app.example.evil"]
)
async def test_other_origins_are_told_nothing(origin: str) -> None:
    async with serving(settings=SETTINGS) as served:
        for answer in (
            await ask(served, "OPTIONS", "/mcp", preflight(origin=origin)),
            await post(served, b"{", {"origin": origin}),
        ):
            assert told(answer) == {}


async def test_the_list_that_holds_now_decides() -> None:
    async with serving() as served:
        assert told(await ask(served, "OPTIONS", "/mcp", preflight())) == {}
        served.settings.renew(ServedSettings.of(SETTINGS))
        answer = await ask(served, "OPTIONS", "/mcp", preflight())
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        served.settings.renew(ServedSettings.of(Server(port=0)))
        assert told(await ask(served, "OPTIONS", "/mcp", preflight())) == {}


async def test_a_page_on_loopback_can_be_listed() -> None:
    settings = Server(port=0, allowed_origins=("http://localhost:6274",))
    async with serving(settings=settings) as served:
        for port, allowed in ((6274, True), (6275, False)):
            answer = await ask(served, "OPTIONS", "/mcp", preflight(origin=f"http://localhost:{port}"))
            assert (told(answer) != {}) is allowed


@pytest.mark.parametrize(
    "path", ["/manage/v1/health", "/manage/v1/ready", "/manage/v1/backends", "/manage/v1/reload", "/nowhere"]
)
async def test_nothing_but_the_mcp_endpoints_is_for_pages(path: str) -> None:
    async with serving(settings=SETTINGS) as served:
        for method in ("OPTIONS", "GET"):
            assert told(await ask(served, method, path, preflight())) == {}


async def test_who_is_no_page_is_told_nothing_of_it() -> None:
    async with serving(settings=SETTINGS) as served:
        assert told(await post(served, b"{", {})) == {}
        answer = await ask(served, "OPTIONS", "/mcp")
        assert (answer.status, told(answer)) == (204, {})
