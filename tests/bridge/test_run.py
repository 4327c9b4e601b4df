"""The bridge as the command runs it, on pipes."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest
import trio

from argus_trio.bridge.run import endpoint, run_bridge
from argus_trio.errors import LinkFailed
from tests.bridge.client import HELLO, INITIALIZED, META, FakeGateway, echo, request
from tests.servers.nasty_http import Received, Wire, nasty_server


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://h:1", "http://h:1/mcp"),
        ("http://h:1/", "http://h:1/mcp"),
        ("http://h:1/mcp", "http://h:1/mcp"),
        ("http://h:1/mcp/", "http://h:1/mcp"),
        ("https://h/argus/?k=v", "https://h/argus/mcp?k=v"),
    ],
)
def test_a_base_url_is_as_good_as_the_endpoints(url: str, found: str) -> None:
    assert endpoint(url) == found


@pytest.mark.parametrize(
    ("url", "view", "found"),
    [
        ("http://h:1", "safe", "http://h:1/mcp/safe"),
        ("http://h:1/mcp/", "safe", "http://h:1/mcp/safe"),
        ("http://h:1/mcp/safe", "", "http://h:1/mcp/safe"),
        ("https://h/argus/mcp/safe/?k=v", "safe", "https://h/argus/mcp/safe?k=v"),
        ("http://h:1", "a b", "http://h:1/mcp/a%20b"),
    ],
)
def test_a_view_has_an_endpoint_of_its_own(url: str, view: str, found: str) -> None:
    assert endpoint(url, view) == found


def test_a_url_that_names_another_view_than_the_one_asked_for_is_refused() -> None:
    with pytest.raises(LinkFailed, match="leads to the view safe, and --view asks for wild"):
        endpoint("http://h/mcp/safe", "wild")


@pytest.mark.parametrize("url", ["ftp://h", "http://[", "http://user:hunter22@h"])
async def test_a_url_that_cannot_be_used_is_told_at_once_without_its_secrets(url: str) -> None:
    with pytest.raises(LinkFailed) as told:
        await run_bridge(url, {})
    assert "hunter22" not in str(told.value)


async def test_a_conversation_on_pipes_ends_with_the_clients_end() -> None:
    gateway = FakeGateway(echo)
    stdin, client_out = os.pipe()
    client_in, stdout = os.pipe()
    with trio.fail_after(10):
        async with nasty_server(gateway.handle) as server:
            os.write(client_out, b"\n".join([HELLO, INITIALIZED, request(1, "ping"), b"x"]))
            os.close(client_out)
            await run_bridge(server.origin, {"X-More": "y"}, stdin=stdin, stdout=stdout)
    os.close(stdout)
    lines = os.read(client_in, 10000).splitlines()
    assert len(lines) == 3
    assert gateway.ended == ["s-1"]
    assert {received.headers["x-more"] for received in server.received} == {"y"}
    for fd in (stdin, client_in):
        os.close(fd)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_and_its_session(number: signal.Signals) -> None:
    came = trio.Event()

    async def serve(received: Received, wire: Wire) -> None:
        came.set()
        await wire.until_closed()

    gateway = FakeGateway(serve)
    stdin, client_out = os.pipe()
    client_in, stdout = os.pipe()
    with trio.fail_after(10):
        async with nasty_server(gateway.handle) as server, trio.open_nursery() as nursery:
            nursery.start_soon(partial(run_bridge, server.url, {}, stdin=stdin, stdout=stdout))
            os.write(client_out, HELLO + b"\n" + request(1, "ping") + b"\n")
            await came.wait()
            os.kill(os.getpid(), number)
    assert gateway.ended == ["s-1"]
    for fd in (stdin, client_out, client_in, stdout):
        os.close(fd)


async def test_a_client_that_does_not_read_stops_the_gateways_stream() -> None:
    stuck = trio.Event()

    async def flood(received: Received, wire: Wire) -> None:
        await wire.begin_stream()
        event = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"%b"}}' % (b"x" * 100_000)
        while True:
            with trio.move_on_after(0.5) as limit:
                await wire.event(event)
            if limit.cancelled_caught:
                stuck.set()
                wire.keep = False
                return

    stdin, client_out = os.pipe()
    client_in, stdout = os.pipe()
    with trio.fail_after(10):
        async with nasty_server(flood) as server, trio.open_nursery() as nursery:
            nursery.start_soon(partial(run_bridge, server.url, {}, stdin=stdin, stdout=stdout))
            os.write(client_out, request(1, "tools/call", _meta=META) + b"\n")
            await stuck.wait()
            os.close(client_in)  # a client that is gone ends the bridge, whatever waits for it
    for fd in (stdin, client_out, stdout):
        os.close(fd)
