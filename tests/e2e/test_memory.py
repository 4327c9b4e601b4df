"""What a flood leaves behind: a real gateway's memory, by the operating system's figure, during it and after it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e import gateway
from tests.e2e.raw import META, MODERN, Raw
from tests.e2e.watched import MEGABYTE, MOST_MEGABYTES, Watched

RESULT_BYTES = 3_500_000
SESSIONS = 150


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    backends = {"b": gateway.stdio("bulky.py"), "deaf": gateway.stdio("bulky.py", "deaf")}
    with gateway.running({"backends": backends}, tmp_path) as running:
        yield Watched(running)


def call(name: str, number: int = 1, *, token: bool = False, **arguments: object) -> dict[str, Any]:
    params: dict[str, Any] = {"name": name, "arguments": arguments}
    if token:
        params["_meta"] = {"progressToken": "t"}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def test_sessions_that_read_large_results_to_their_end_leave_little_behind(watched: Watched) -> None:
    for _ in range(SESSIONS):
        client = Raw(watched.gateway.url, "2025-11-25")
        _, headers, body = client.post(call("b__bulk", token=True, size=RESULT_BYTES))
        assert headers["content-type"] == "text/event-stream"
        assert len(body) > RESULT_BYTES
    watched.check()


def test_a_batch_of_calls_with_huge_answers_has_a_bound(watched: Watched) -> None:
    client = Raw(watched.gateway.url, "2025-03-26")
    batch = [call("b__bulk", number, size=6 * MEGABYTE) for number in range(64)]
    _, _, body = client.post(batch, Accept="application/json")
    answers = json.loads(body)
    assert sorted(answer["id"] for answer in answers) == list(range(64))
    refused = [answer["error"] for answer in answers if "error" in answer]
    assert len(refused) == 62
    assert {error["code"] for error in refused} == {-31016}
    watched.check()


def test_a_flood_of_pings_of_a_backend_that_does_not_read_takes_little(watched: Watched) -> None:
    client = Raw(watched.gateway.url, "2025-11-25")
    client.call("deaf__pings", count=50_000)
    watched.check()


def test_clients_that_lose_their_large_results_leave_no_more_than_the_bound(watched: Watched) -> None:
    netloc = urlsplit(watched.gateway.url).netloc
    lost = [Raw(watched.gateway.url, "2025-11-25") for _ in range(SESSIONS)]
    refused = []
    for client in lost:
        with closing(http.client.HTTPConnection(netloc, timeout=30)) as connection:
            body = json.dumps(call("b__bulk", token=True, size=RESULT_BYTES))
            connection.request("POST", "/mcp", body.encode(), client.headers)
            answer = connection.getresponse()
            if answer.status != 200:
                refused.append(json.loads(answer.read())["error"])
            else:
                answer.read(100)
    assert {error["code"] for error in refused} == {-31016}
    assert all(error["data"]["retryAfter"] > 0 for error in refused)
    assert watched.gateway.event("memory_full")["limit"] == 256 * MEGABYTE
    assert watched.figure("VmHWM") <= MOST_MEGABYTES
    for client in lost:
        connection = http.client.HTTPConnection(netloc, timeout=30)
        connection.request("DELETE", "/mcp", headers=client.headers)
        assert connection.getresponse().status == 204
        connection.close()
    watched.check()


def test_readers_that_stall_have_a_bound_and_others_go_on(watched: Watched) -> None:
    address = urlsplit(watched.gateway.url)
    with ExitStack() as stack:
        for _ in range(4):
            stream = stack.enter_context(socket.create_connection((address.hostname or "", address.port or 0)))
            stream.sendall(b"GET /sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
            path = b""
            while b"session_id=" not in path or not path.endswith(b"\n\n\r\n"):
                path += stream.recv(4096)
            path = b"/" + path.partition(b"data: ")[2].split(b"\n")[0].strip()
            for message in (initialize(), *(call("b__bulk", number, size=1_000_000) for number in range(1, 100))):
                connection = http.client.HTTPConnection(address.netloc, timeout=30)
                headers = {"Content-Type": "application/json"}
                connection.request("POST", path.decode(), json.dumps(message).encode(), headers)
                assert connection.getresponse().status == 202
                connection.close()
        other = Raw(watched.gateway.url, "2026-07-28")
        assert len(other.call("b__bulk", size=1000)["content"][0]["text"]) == 1000
        watched.gateway.event("answer_not_kept")
    watched.check()


def test_a_stream_of_a_session_that_is_not_read_has_a_bound_and_others_go_on(watched: Watched) -> None:
    size = 500_000
    address = urlsplit(watched.gateway.url)
    client, other = Raw(watched.gateway.url, "2025-11-25"), Raw(watched.gateway.url, "2025-11-25")
    assert client.result("logging/setLevel", level="debug") == {}
    with socket.create_connection((address.hostname or "", address.port or 0)) as stream:
        headers = "".join(f"{name}: {value}\r\n" for name, value in client.headers.items() if name != "Content-Type")
        stream.sendall(f"GET /mcp HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
        assert stream.recv(12) == b"HTTP/1.1 200"
        count = 640 * MEGABYTE // size
        assert client.call("b__tell", size=size, count=count)["content"] == []
        watched.wait_for_dropped("b", count // 2)
        assert len(other.call("b__bulk", size=1000)["content"][0]["text"]) == 1000
        assert watched.figure("VmHWM") <= MOST_MEGABYTES
    watched.gateway.event("notifications_dropped")
    watched.check()


def test_clients_that_do_not_read_their_large_answers_have_a_bound_and_others_go_on(watched: Watched) -> None:
    address = urlsplit(watched.gateway.url)
    message = call("b__bulk", size=RESULT_BYTES)
    message["params"]["_meta"] = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {}}
    body = json.dumps(message).encode()
    head = (
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nMcp-Method: tools/call\r\n"
        f"Accept: application/json\r\nMcp-Name: b__bulk\r\nMCP-Protocol-Version: {MODERN}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    with ExitStack() as stack:
        for _ in range(120):
            slow = stack.enter_context(socket.create_connection((address.hostname or "", address.port or 0)))
            slow.sendall(head + body)
        watched.gateway.event("answer_not_kept")
        other = Raw(watched.gateway.url, MODERN)
        assert len(other.call("b__bulk", size=1000)["content"][0]["text"]) == 1000
        assert watched.figure("VmHWM") <= MOST_MEGABYTES
    watched.check()


def initialize() -> dict[str, Any]:
    params = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    return {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}


def test_a_flood_of_initialize_ends_no_session_that_is_used_and_takes_little(watched: Watched) -> None:
    honest = Raw(watched.gateway.url, "2025-11-25")
    assert honest.result("tools/list")["tools"]
    netloc = urlsplit(watched.gateway.url).netloc
    body = json.dumps(
        {
            **initialize(),
            "params": {"protocolVersion": "2025-11-25", "capabilities": {"experimental": {"x": {"y": "z" * 16_000}}}},
        }
    )

    def flood() -> None:
        with closing(http.client.HTTPConnection(netloc, timeout=30)) as connection:
            for _ in range(2750):
                connection.request("POST", "/mcp", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert honest.result("tools/list")["tools"]
    watched.check()
