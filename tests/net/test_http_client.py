"""The client of one HTTP server: its headers, reasons to refuse what it is given, and what leaves its block."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.http1 import HttpAnswer, HttpConnection, HttpRequest
from argus_trio.net.http_client import HttpClient, open_http_client
from tests.servers.nasty_http import Handler, Received, Wire, nasty_server


def client_of(url: str, headers: Mapping[str, str] | None = None) -> AbstractAsyncContextManager[HttpClient]:
    return open_http_client(url, name="far", headers=headers or {})


async def test_every_request_carries_the_host_and_the_specs_headers() -> None:
    headers = {"X-Key": " säcret ", "user-agent": "mine"}
    async with client_of("http://127.0.0.1:9/x?k=v", headers) as client:
        for request in (client.post(b"{}", ()), client.get((("a", "b"),)), client.delete(())):
            assert request.target == "/x?k=v"
            assert request.headers[0] == (b"host", b"127.0.0.1:9")
            assert (b"X-Key", "säcret".encode()) in request.headers
            assert sum(name.lower() == b"user-agent" for name, _ in request.headers) == 1
            assert b"cret" not in repr(request).encode()
        assert "cret" not in repr(client)
        assert "k=v" not in repr(client)


async def test_headers_of_the_protocol_are_dropped_and_logged_by_name() -> None:
    with capture_logs() as logs:
        async with client_of("http://a.test/", {"Mcp-Param-X": "1", "HOST": "b"}) as client:
            names = [name.lower() for name, _ in client.get().headers]
    assert names == [b"host", b"accept-encoding", b"user-agent", b"accept"]
    assert [entry["header"] for entry in logs] == ["Mcp-Param-X", "HOST"]
    assert "b" not in [entry.get("value") for entry in logs]


@pytest.mark.parametrize(
    ("url", "headers", "proxy", "reason"),
    [
        ("ftp://a/", {}, "", "not an http or https address"),
        ("http://a.test/", {"ü": "x"}, "", r"headers\.ü cannot be sent"),
        ("http://a.test/", {"a b": "x"}, "", r"headers\.a b cannot be sent"),
        ("http://a.test/", {"authorization": "Bearer a\nb: c"}, "", r"headers\.authorization cannot be sent[^a]"),
        ("http://a.test/", {}, "socks5://b", "not the address of an HTTP proxy"),
    ],
)
async def test_a_specification_that_cannot_be_used_is_refused(
    url: str, headers: dict[str, str], proxy: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(LinkFailed, match=reason) as caught:
        async with client_of(url, headers):
            raise AssertionError("opened")
    assert "Bearer" not in str(caught.value)


async def test_what_looks_like_a_secret_in_the_url_is_not_quoted() -> None:
    url = "http://a.test/hooks/0123456789abcdef/mcp?key=top%20secret&n=1"
    async with client_of(url) as client:
        unused: HttpConnection = None  # type: ignore[assignment]  # a refusal does not read on
        answer = HttpAnswer(connection=unused, status=404, headers=[])
        reason = client.refused(answer, b"Cannot POST /hooks/0123456789abcdef/mcp?key=top%20secret (top secret)").reason
    assert reason == "the server answered HTTP 404: Cannot POST /hooks/***/mcp?key=*** (***)"


async def test_two_failures_at_once_leave_as_a_group() -> None:
    async def fail(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        raise KeyError

    with pytest.RaisesGroup(KeyError, ValueError):
        async with client_of("http://a.test/") as client:
            await client.nursery.start(fail)
            raise ValueError


async def say_target(request: Received, wire: Wire) -> None:
    await wire.reply(200, f"{request.method} {request.target}".encode() + request.body)


def moving(moves: Mapping[str, tuple[int, str]], more: str = "") -> Handler:
    """A server that redirects from some targets, and says the others."""

    async def handler(request: Received, wire: Wire) -> None:
        if request.target in moves:
            status, location = moves[request.target]
            await wire.reply(status, b"moved", more=f"location: {location}\r\n{more}")
        else:
            await say_target(request, wire)

    return handler


async def ask(client: HttpClient, request: HttpRequest | None = None) -> tuple[str, bytes]:
    with trio.fail_after(10):
        async with client.send(request or client.post(b"{}", (("x", "y"),))) as answer:
            return answer.target, await answer.read(1000)


async def test_a_redirect_within_the_origin_is_followed_with_all_that_was_sent() -> None:
    async with nasty_server(moving({"/mcp": (307, "/mcp/")})) as server:
        async with client_of(server.url, {"authorization": "Bearer x"}) as client:
            assert await ask(client) == ("/mcp/", b"POST /mcp/{}")
            assert await ask(client) == ("/mcp/", b"POST /mcp/{}")
        assert [request.target for request in server.received] == ["/mcp", "/mcp/"] * 2
        assert {request.headers["authorization"] for request in server.received} == {"Bearer x"}
        assert {request.headers["x"] for request in server.received} == {"y"}
        assert server.connections == 1


async def test_a_permanent_redirect_is_remembered_as_long_as_the_client_lives_for_its_method_alone() -> None:
    moves = {"/mcp": (308, "/mcp/"), "/mcp/": (308, "/v2")}
    async with nasty_server(moving(moves)) as server:
        async with client_of(server.url) as client:
            assert [await ask(client) for _ in range(3)] == [("/v2", b"POST /v2{}")] * 3
            assert len(server.received) == 5
            assert await ask(client, client.get()) == ("/v2", b"GET /v2")
            assert len(server.received) == 8
        async with client_of(server.url) as client:
            await ask(client)
        assert len(server.received) == 11


async def test_a_redirect_that_is_permanent_but_for_one_hop_or_leads_to_an_error_is_asked_each_time() -> None:
    async with nasty_server(moving({"/mcp": (308, "/mcp/"), "/mcp/": (307, "/v2")})) as server:
        async with client_of(server.url) as client:
            await ask(client)
            await ask(client)
        assert len(server.received) == 6

    async def broken(request: Received, wire: Wire) -> None:
        await wire.reply(*((308, b"") if request.target == "/mcp" else (500, b"")), more="location: /x\r\n")

    async with nasty_server(broken) as server:
        async with client_of(server.url) as client:
            await ask(client)
            await ask(client)
        assert len(server.received) == 4


async def test_a_server_that_redirects_without_end_is_given_up() -> None:
    async with nasty_server(moving({"/mcp": (307, "/mcp?t0ken")})) as server, client_of(server.url) as client:
        server.handler = moving({"/mcp": (307, "/mcp?t0ken"), "/mcp?t0ken": (307, "/mcp")})
        with pytest.raises(HttpRefused, match=r"more than 5 times, the last time to http://.*/mcp$") as caught:
            await ask(client)
        assert caught.value.status == 307
        assert len(server.received) == 6


async def test_a_redirect_to_another_origin_sends_nothing_there() -> None:
    async with (
        nasty_server(say_target) as other,
        nasty_server(moving({"/mcp": (308, f"{other.origin}/x?k=t0ken")})) as it,
    ):
        async with client_of(it.url) as client:
            for request in (client.post(b"{}", ()), client.get(), client.delete(())):
                with pytest.raises(HttpRefused, match=rf"redirects to {other.origin}/x\?k=\*\*\*;"):
                    await ask(client, request)
        assert other.received == []


async def test_a_redirect_through_a_proxy_is_asked_of_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    there = "http://far.test"
    async with nasty_server(moving({f"{there}/mcp": (307, "/mcp/")})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.origin)
        async with client_of(f"{there}/mcp") as client:
            assert await ask(client) == ("/mcp/", b"POST http://far.test/mcp/{}")


async def test_a_proxy_that_wants_authentication_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(request: Received, wire: Wire) -> None:
        await wire.reply(407, b"no")

    async with nasty_server(refuse) as proxy:
        monkeypatch.setenv("http_proxy", proxy.origin)
        async with client_of("http://far.test/mcp") as client, client.send(client.get()) as answer:
            reason = client.refused(answer, b"no").reason
    assert reason.startswith(f"the proxy {proxy.origin} answered HTTP 407: it wants a user and password")


async def test_cookies_go_with_the_next_request_of_that_client_and_no_other() -> None:
    async def balance(request: Received, wire: Wire) -> None:
        await wire.reply(200, b"", more=f"set-cookie: lb={len(server.received)}; Path=/\r\nset-cookie: s3cret=2\r\n")

    async with (
        nasty_server(balance) as server,
        client_of(server.url, {"Cookie": "mine=x"}) as client,
        client_of(server.url) as another,
    ):
        for one in (client, client, another, client):
            await ask(one)
        assert "s3cret" not in repr(client)
    assert [request.headers.get("cookie") for request in server.received] == [
        "mine=x", "mine=x; lb=1; s3cret=2", None, "mine=x; lb=2; s3cret=2",
    ]  # fmt: skip


async def test_a_cookie_that_comes_with_a_redirect_goes_with_the_request_that_follows() -> None:
    async with nasty_server(moving({"/mcp": (307, "/mcp")})) as server, client_of(server.url) as client:

        async def gate(request: Received, wire: Wire) -> None:
            if "cookie" not in request.headers:
                await wire.reply(307, b"", more="location: /mcp\r\nset-cookie: gate=1\r\n")
            else:
                await say_target(request, wire)

        server.handler = gate
        assert await ask(client) == ("/mcp", b"POST /mcp{}")


async def test_a_cookie_is_not_quoted_and_one_that_is_lost_is_told_once_without_its_value() -> None:
    async def huge(request: Received, wire: Wire) -> None:
        await wire.reply(500, b"bad cookie t0ken", more=f"set-cookie: a=t0ken\r\nset-cookie: b={'s3cret' * 1000}\r\n")

    with capture_logs() as logs:
        async with nasty_server(huge) as server, client_of(server.url) as client:
            await ask(client)
            async with client.send(client.get()) as answer:
                reason = client.refused(answer, await client.beginning(answer)).reason
    assert reason == "the server answered HTTP 500: bad cookie ***"
    assert [entry["event"] for entry in logs] == ["backend_cookies_lost"]
    assert "s3cret" not in str(logs)


async def test_a_document_is_read_whole_and_no_further_than_its_bound() -> None:
    async def answer(request: Received, wire: Wire) -> None:
        assert dict(request.headers)["accept"] == "application/json"
        await wire.reply(404 if request.target.endswith("/none") else 200, b"0123456789")

    async with nasty_server(answer) as server:
        async with client_of(f"{server.url}/d") as client:
            assert await client.document(10) == b"0123456789"
            with pytest.raises(LinkFailed, match="larger than 9 bytes"):
                await client.document(9)
        async with client_of(f"{server.url}/none") as client:
            with pytest.raises(HttpRefused, match="HTTP 404"):
                await client.document(10)
