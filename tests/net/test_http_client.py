"""The client of one HTTP server: its headers, reasons to refuse what it is given, and what leaves its block."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.errors import LinkFailed
from argus_trio.net.http1 import HttpAnswer, HttpConnection
from argus_trio.net.http_client import HttpClient, open_http_client


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
