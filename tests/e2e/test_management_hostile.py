"""What is hostile or broken below `/manage/` is answered with a problem whose page is there, by a real gateway."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from tests.e2e.gateway import Gateway, running, stdio

API = "/manage/v1"
CALL = f"{API}/tools/call"
LARGE = b"400000\r\n%b\r\n" % (b" " * 0x400000)
WEBSOCKET = "upgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13"


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join((f"GET {API}{path} HTTP/1.1", *headers, "", "")).encode("latin-1")


def posted(body: bytes, *headers: str, path: str = CALL) -> bytes:
    if not any(header.startswith(("content-length", "transfer-encoding")) for header in headers):
        headers = (*headers, f"content-length: {len(body)}")
    return "\r\n".join((f"POST {path} HTTP/1.1", *headers, "", "")).encode() + body


BODIES = {
    "cut off": (400, posted(b"{")),
    "zeros": (400, posted(b"\0\0\0")),
    "an array": (400, posted(b"[]")),
    "a text": (400, posted(b'"x"')),
    "nested without end": (400, posted(b"[" * 100_000)),
    "nested deeply": (400, posted(b'{"tool":"x","arguments":{"a":%b%b}}' % (b"[" * 200, b"]" * 200))),
    "not UTF-8": (400, posted(b'{"tool":"\xff\xfe"}')),
    "UTF-16": (400, posted('{"tool":"x"}'.encode("utf-16"))),
    "NaN": (400, posted(b'{"tool":"x","arguments":NaN}')),
    "half an emoji": (400, posted(b'{"tool":"\\ud83d"}')),
    "a byte order mark, and an unknown tool": (404, posted(b'\xef\xbb\xbf{"tool":"x"}')),
    "a number for a text": (400, posted(b'{"tool":1}')),
    "a list for an object": (400, posted(b'{"tool":"x","arguments":[]}')),
    "an unknown member": (400, posted(b'{"tool":"x","tol":1}')),
    "nothing": (400, posted(b"")),
    "a name of 9 KiB": (400, posted(b'{"tool":"%b"}' % (b"x" * 9000))),
    "a form": (415, posted(b"tool=x", "content-type: application/x-www-form-urlencoded")),
    "compressed": (415, posted(b"{}", "content-encoding: gzip")),
    "announced as huge": (413, posted(b"{", "content-length: 99999999999")),
    "huge, in chunks": (413, posted(LARGE + LARGE + b"0\r\n\r\n", "transfer-encoding: chunked")),
    "an unwanted answer": (406, posted(b'{"tool":"x"}', "accept: image/png")),
    "an ability that there is not": (400, posted(b'{"tool":"x","capabilities":{"x":1}}', "accept: text/event-stream")),
    "abilities without a stream": (400, posted(b'{"tool":"x","capabilities":{"roots":{}}}')),
    "a wrong level": (400, posted(b'{"level":"loud"}', path=f"{API}/log-level")),
    "a time before now": (400, posted(b'{"timeout_seconds":-1}', path=f"{API}/shutdown")),
    "neither result nor error": (404, posted(b"{}", path=f"{API}/exchanges/x/asks/y")),
    "a wrong tag": (400, posted(b"", "if-match: x", path=f"{API}/backends/b/drain")),
}
PATHS = {
    "upwards": (404, get("/../../etc/passwd")),
    "upwards, encoded": (404, get("/%2e%2e/%2e%2e/etc/passwd")),
    "a zero": (404, get("/backends/a%00b")),
    "an encoded slash": (404, get("/backends/b%2f..%2fstatus")),
    "no UTF-8": (404, get("/backends/%ff")),
    "no encoding": (404, get("/logs/%zz")),
    "a long name": (404, get("/backends/" + "a" * 20_000)),
    "two slashes": (404, get("//backends")),
    "an unknown problem": (404, get("/problems/none")),
    "an unknown session": (404, posted(b"", path=f"{API}/sessions/none/close")),
    "an unknown exchange": (404, posted(b"", path=f"{API}/exchanges/none/cancel")),
    "an unknown question": (404, posted(b'{"result":{}}', path=f"{API}/exchanges/none/asks/none")),
    "an unknown backend": (404, posted(b"", path=f"{API}/backends/none/restart")),
    "another version": (404, b"GET /manage/v2/status HTTP/1.1\r\n\r\n"),
    "its top": (404, b"GET /manage HTTP/1.1\r\n\r\n"),
    "a method": (405, b"DELETE /manage/v1/backends HTTP/1.1\r\n\r\n"),
    "a web socket": (404, get("/nothing", "connection: upgrade", WEBSOCKET)),
}
QUERIES = {
    "very many": (400, get("/events?" + "&".join(f"a{number}=1" for number in range(1000)))),
    "one twice": (400, get("/events?limit=1&limit=2")),
    "an unknown one": (400, get("/events?limt=1")),
    "no number": (400, get("/events?limit=x")),
    "a huge number": (400, get("/events?limit=" + "9" * 5000)),
    "no truth": (400, get("/events/stream?figures=perhaps")),
    "no time": (400, get("/events?since=yesterday")),
    "half an emoji": (400, get("/events?since=%ed%a0%80")),
    "no page": (404, get("/exchanges?after=zzz")),
    "a long search": (400, get("/capabilities?search=" + "x" * 300)),
}
HEADERS = {
    "another host": (421, get("/status", "host: evil.example")),
    "another origin": (403, get("/status", "origin: http://evil.example")),
    "no origin": (403, get("/health", "origin: null")),
    "a site of others": (403, get("/status", "sec-fetch-site: cross-site")),
}
ALL = {
    f"{place}: {what}": case
    for place, cases in (("body", BODIES), ("path", PATHS), ("query", QUERIES), ("header", HEADERS))
    for what, case in cases.items()
}


@pytest.fixture(scope="module", params=["lean", "hypercorn"])
def argus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    config = {"server": {"http": request.param}, "backends": {"b": stdio("echo.py")}}
    with running(config, tmp_path_factory.mktemp("hostile")) as gateway:
        yield gateway
        assert gateway.get("/manage/v1/health")[1]["status"] == "healthy"
        assert not [line for line in gateway.child.lines() if "_unexpectedly" in line]


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_what_is_hostile_is_answered_with_a_problem_that_has_a_page(argus: Gateway, case: tuple[int, bytes]) -> None:
    wanted, request = case
    status, content_type, body = answered(argus, request)
    assert (status, content_type) == (wanted, "application/problem+json"), body
    problem = json.loads(body)
    assert problem["status"] == status
    assert problem["detail"] == problem["message"]
    with urlopen(f"{argus.url}{problem['type']}", timeout=10) as page:
        assert page.headers["content-type"].startswith("text/markdown")
        assert problem["title"] in page.read().decode()


def answered(argus: Gateway, request: bytes) -> tuple[int, str, bytes]:
    """Status, media type and body of the answer to a request, as it is written."""
    place = urlsplit(argus.url)
    head, _, body = request.partition(b"\r\n\r\n")
    more = b"connection: close" if b"\r\nhost:" in head else b"host: %b\r\nconnection: close" % place.netloc.encode()
    with socket.create_connection((str(place.hostname), place.port or 0), timeout=20) as wire:
        wire.sendall(b"\r\n".join((head, more, b"", body)))
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))
    start, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = start.decode("latin-1").split("\r\n")
    types = [value for name, _, value in (header.partition(": ") for header in headers) if name == "content-type"]
    return int(status.split()[1]), types[0] if types else "", body
