"""What both links to remote servers share: headers, reasons to refuse a specification, the end of a link."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.errors import LinkFailed
from argus_trio.net.http1 import Answer, Connection
from argus_trio.net.http_client import Life, open_remote
from tests.backends.support.conversation import http_spec


async def test_every_request_carries_the_host_and_the_specs_headers() -> None:
    spec = http_spec("http://127.0.0.1:9/x?k=v", headers={"X-Key": " säcret ", "user-agent": "mine"})
    async with open_remote(spec) as remote:
        for request in (remote.post(b"{}", ()), remote.get((("a", "b"),)), remote.delete(())):
            assert request.target == "/x?k=v"
            assert request.headers[0] == (b"host", b"127.0.0.1:9")
            assert (b"X-Key", "säcret".encode()) in request.headers
            assert sum(name.lower() == b"user-agent" for name, _ in request.headers) == 1
            assert b"cret" not in repr(request).encode()
        assert "cret" not in repr(remote)
        assert "k=v" not in repr(remote)


async def test_headers_of_the_protocol_are_dropped_and_logged_by_name() -> None:
    with capture_logs() as logs:
        async with open_remote(http_spec("http://a.test/", headers={"Mcp-Param-X": "1", "HOST": "b"})) as remote:
            names = [name.lower() for name, _ in remote.get().headers]
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
        async with open_remote(http_spec(url, headers=headers)):
            raise AssertionError("opened")
    assert "Bearer" not in str(caught.value)


async def test_what_looks_like_a_secret_in_the_url_is_not_quoted() -> None:
    url = "http://a.test/hooks/0123456789abcdef/mcp?key=top%20secret&n=1"
    async with open_remote(http_spec(url)) as remote:
        unused: Connection = None  # type: ignore[assignment]  # a refusal does not read on
        answer = Answer(connection=unused, status=404, headers=[])
        reason = remote.refused(answer, b"Cannot POST /hooks/0123456789abcdef/mcp?key=top%20secret (top secret)").reason
    assert reason == "the server answered HTTP 404: Cannot POST /hooks/***/mcp?key=*** (***)"


async def test_two_failures_at_once_leave_as_a_group() -> None:
    async def fail(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        raise KeyError

    with pytest.RaisesGroup(KeyError, ValueError):
        async with open_remote(http_spec("http://a.test/")) as remote:
            await remote.nursery.start(fail)
            raise ValueError


async def test_a_life_ends_once() -> None:
    life = Life()
    life.check()
    assert life.end(LinkFailed("first")).reason == "first"
    assert life.end(LinkFailed("second")).reason == "first"
    assert life.is_over
    assert (await life.wait_failed()).reason == "first"
    with pytest.raises(LinkFailed, match="first"):
        life.check()
