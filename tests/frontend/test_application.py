"""Paths, methods, and the guard before all of them."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.config.model.server import Server
from argus_trio.core.health.health import Health
from argus_trio.frontend.gateway import Management
from argus_trio.frontend.http.limits import Limits
from tests.frontend.support.serving import ask, modern, modern_headers, post, serving

PROBED = ["/manage/v1/health", "/manage/v1/ready"]
PATHS = [
    "/mcp",
    "/sse",
    "/messages/",
    "/manage/v1/backends",
    "/",
    "/nowhere",
    "/manage/v1/healthy",
]


@pytest.mark.parametrize("host", ["10.42.0.17:9000", "evil.example.com", "[fd00::17]:9000"])
@pytest.mark.parametrize("path", [*PROBED, "/manage/v1/health/"])
async def test_probes_are_answered_whatever_host_they_name_and_the_same_host_opens_nothing_else(
    host: str, path: str
) -> None:
    async with serving() as served:
        assert (await ask(served, "GET", path, {"host": host})).status == 200
        assert (await ask(served, "GET", "/manage/v1/backends", {"host": host})).status == 421


async def test_a_probe_of_http_1_0_names_no_host_at_all() -> None:
    async with serving() as served, await trio.open_tcp_stream("127.0.0.1", served.port) as stream:
        await stream.send_all(b"GET /manage/v1/ready HTTP/1.0\r\n\r\n")
        assert (await stream.receive_some()).split(b"\r\n")[0].endswith(b" 200 ")


@pytest.mark.parametrize("path", PATHS)
async def test_a_wrong_host_is_turned_away_on_every_path(path: str) -> None:
    async with serving() as served:
        answer = await ask(served, "GET", path, {"host": "evil.example.com"})
        assert (answer.status, answer.json["error"]) == (421, "wrong_host")


@pytest.mark.parametrize("path", [*PATHS, *PROBED])
async def test_a_wrong_origin_is_turned_away_on_every_path(path: str) -> None:
    async with serving() as served:
        for method in ("GET", "POST", "OPTIONS"):
            answer = await ask(served, method, path, {"origin": "http://evil.example.com"})
            assert (answer.status, answer.json["error"]) == (403, "wrong_origin")


async def test_the_log_names_the_setting_once_for_each_value() -> None:
    with capture_logs() as logs:
        async with serving() as served:
            for _ in range(2):
                await ask(served, "GET", "/mcp", {"host": "gate.example"})
                await ask(served, "GET", "/mcp", {"origin": "https://app.example"})
    assert [(entry["value"], entry["setting"]) for entry in logs if entry["event"] == "request_turned_away"] == [
        ("gate.example", "server.allowed_hosts"),
        ("https://app.example", "server.allowed_origins"),
    ]


async def test_what_the_settings_allow_is_let_in() -> None:
    settings = Server(port=0, allowed_hosts=("gate.example",), allowed_origins=("https://app.example",))
    async with serving(settings=settings) as served:
        headers = {"host": "gate.example:443", "origin": "https://app.example"}
        assert (await ask(served, "GET", "/manage/v1/health", headers)).status == 200


async def test_an_unknown_path_is_404_in_json() -> None:
    async with serving() as served:
        for path in ("/", "/nowhere", "/mcp/more", "//mcp", "/mcp//"):
            answer = await ask(served, "POST", path, {}, b"{}")
            assert (answer.status, answer.json["error"]) == (404, "not_found")
            assert ("no view of this name" in str(answer.json["message"])) == (path == "/mcp/more")


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
async def test_bare_and_slashed_paths_are_the_same_without_a_redirect(path: str) -> None:
    async with serving() as served:
        assert (await ask(served, "GET", path, {"accept": "*/*"})).status == 400


@pytest.mark.parametrize(
    ("path", "method", "allow"),
    [
        ("/mcp", "PUT", "POST, GET, DELETE, OPTIONS"),
        ("/mcp", "HEAD", "POST, GET, DELETE, OPTIONS"),
        ("/sse", "POST", "GET, OPTIONS"),
        ("/messages", "GET", "POST, OPTIONS"),
        ("/manage/v1/health", "POST", "GET, HEAD, OPTIONS"),
    ],
)
async def test_another_method_is_405_and_told_what_is_allowed(path: str, method: str, allow: str) -> None:
    async with serving() as served:
        answer = await ask(served, method, path)
        assert (answer.status, answer.headers["allow"]) == (405, allow)


async def test_options_tells_what_is_allowed() -> None:
    async with serving() as served:
        answer = await ask(served, "OPTIONS", "/mcp")
        assert (answer.status, answer.body, answer.headers["allow"]) == (204, b"", "POST, GET, DELETE, OPTIONS")


async def test_health_is_told_to_get_and_head() -> None:
    async with serving(health=Health(total=3, connected=2, healthy=1, starting=1)) as served:
        answer = await ask(served, "GET", "/manage/v1/health")
        assert (answer.status, answer.json["status"]) == (200, "degraded")
        assert (await ask(served, "HEAD", "/manage/v1/health")).body == b""
        ready = await ask(served, "GET", "/manage/v1/ready")
        assert (ready.status, ready.json["ready"]) == (503, False)


async def test_how_each_backend_stands_is_told() -> None:
    async with serving() as served:
        answer = await ask(served, "GET", "/manage/v1/backends")
        assert (answer.status, answer.json) == (200, {"backends": [], "draining": [], "calls_cut": 0})
        assert (await ask(served, "HEAD", "/manage/v1/backends")).status == 200


async def test_beyond_the_most_requests_a_new_one_is_refused_before_its_body_is_read_and_said_once() -> None:
    with capture_logs() as logs:
        management = Management()
        async with (
            serving(limits=Limits(body_bytes=1000, requests=1), management=management) as served,
            trio.open_nursery() as nursery,
        ):
            waits = modern("tools/call", {"name": "wait"})
            nursery.start_soon(post, served, waits, modern_headers("tools/call", "wait"))
            await served.backstage.waiting.wait()
            for _ in range(2):
                async with await trio.open_tcp_stream("127.0.0.1", served.port) as stream:
                    await stream.send_all(b"POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 900\r\n\r\n{")
                    refusal = bytes(await stream.receive_some())
                    assert refusal.startswith(b"HTTP/1.1 503 ")
                    assert b"\r\nretry-after: 2\r\n" in refusal
            assert (await ask(served, "GET", "/manage/v1/health")).status == 200
            served.backstage.go_on.set()
        assert [(line["event"], line["most"]) for line in logs] == [("requests_turned_away", 1)]
        assert [event.stage for event in management.journal.since(1)[0]] == ["requests_turned_away"]
