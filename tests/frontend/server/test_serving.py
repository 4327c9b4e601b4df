"""The accept loop: bursts are taken at once, and a lack of descriptors ends nothing but what idles."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from argus_trio.config.model.server import Server, ServerLimits
from argus_trio.core.memory import Bodies
from argus_trio.frontend.http.request import AsgiApplication, AsgiReceive, AsgiScope, AsgiSend
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.server.listeners import ACCEPTED_AT_ONCE, DescriptorsExhausted, ServerListener, open_listeners
from argus_trio.frontend.server.serving import Acceptor
from argus_trio.frontend.server.site import Site
from tests.frontend.support.serving import DEADLINE_SECONDS, Served, serving, speaking_http

WELL = b"GET /manage/v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n"


@contextmanager
def open_files_at_most(limit: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def lowest_free_descriptor() -> int:
    descriptor = os.dup(0)
    os.close(descriptor)
    return descriptor


async def listener_on_loopback() -> ServerListener:
    (listener,) = (await open_listeners(CurrentSettings(ServedSettings.of(Server(port=0))))).listeners
    return listener


async def asked(served: Served) -> trio.SocketStream:
    """A client that has been answered, and keeps its connection."""
    stream = await trio.open_tcp_stream("127.0.0.1", served.port)
    await stream.send_all(WELL)
    with trio.fail_after(DEADLINE_SECONDS):
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 200")
    return stream


async def streaming(served: Served) -> trio.SocketStream:
    """A client whose request does not end. Raises `TooSlowError` if it is not taken."""
    stream = await trio.open_tcp_stream("127.0.0.1", served.port)
    try:
        await stream.send_all(b"GET /sse HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n")
        with trio.fail_after(1):
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 200")
    except trio.TooSlowError:
        await stream.aclose()
        raise
    return stream


async def test_connections_that_come_together_are_taken_together() -> None:
    async with await listener_on_loopback() as listener:
        port = listener.listening.getsockname()[1]
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(ACCEPTED_AT_ONCE + 5)]
        first = await listener.accept()
        second = await listener.accept()
        assert (len(first), len(second)) == (ACCEPTED_AT_ONCE, 5)
        for each in (*first, *second):
            await each.stream.aclose()
        for client in clients:
            client.close()


async def test_a_connection_that_finds_no_descriptor_goes_on_waiting() -> None:
    async with await listener_on_loopback() as listener:
        with socket.create_connection(("127.0.0.1", listener.listening.getsockname()[1])):
            with open_files_at_most(lowest_free_descriptor()), pytest.raises(DescriptorsExhausted, match="Too many"):
                await listener.accept()
            (accepted,) = await listener.accept()
            await accepted.stream.aclose()


async def test_idle_clients_make_room_for_new_ones_and_the_log_says_so_once() -> None:
    with capture_logs() as logs:
        async with serving() as served:
            idle = [await asked(served) for _ in range(20)]
            with open_files_at_most(lowest_free_descriptor() + 45):
                newcomers = [await asked(served) for _ in range(20)]
                with trio.fail_after(DEADLINE_SECONDS):
                    assert await idle[0].receive_some() == b"", "the longest idle one is ended first"
            for stream in (*idle, *newcomers):
                await stream.aclose()
    (told,) = [entry for entry in logs if entry["event"] == "descriptors_scarce"]
    assert told["reason"] == "few descriptors are left"
    assert "LimitNOFILE" in told["advice"]


@asynccontextmanager
async def accepting(most: int, application: AsgiApplication) -> AsyncIterator[tuple[Site, int]]:
    """A server that takes `most` connections, and its port."""
    listener = await listener_on_loopback()
    settings = Server(port=0, limits=ServerLimits(connections=most), http=speaking_http())
    async with trio.open_nursery() as nursery:
        site = Site(application, CurrentSettings(ServedSettings.of(settings)), nursery, bodies=Bodies())
        nursery.start_soon(Acceptor(site).run, [listener])
        with trio.fail_after(DEADLINE_SECONDS):
            yield site, listener.listening.getsockname()[1]
        nursery.cancel_scope.cancel()


async def never_answers(_scope: AsgiScope, _receive: AsgiReceive, _send: AsgiSend) -> None:
    await trio.sleep_forever()


async def test_beyond_the_most_connections_a_new_one_is_told_to_come_back() -> None:
    with capture_logs() as logs:
        async with accepting(1, never_answers) as (site, port), await trio.open_tcp_stream("127.0.0.1", port) as first:
            await first.send_all(WELL)
            while not any(each.idle_since is None for each in site.connections):
                await trio.testing.wait_all_tasks_blocked()
            for _ in range(2):
                async with await trio.open_tcp_stream("127.0.0.1", port) as second:
                    refusal = await second.receive_some()
                    assert refusal.startswith(b"HTTP/1.1 503 ")
                    assert b"\r\nretry-after: 2\r\n" in refusal
    assert [(line["event"], line["most"]) for line in logs] == [("connections_turned_away", 1)]


async def test_beyond_the_most_connections_an_idle_one_makes_room() -> None:
    async with accepting(1, never_answers) as (site, port), await trio.open_tcp_stream("127.0.0.1", port) as first:
        while not site.connections:
            await trio.testing.wait_all_tasks_blocked()
        async with await trio.open_tcp_stream("127.0.0.1", port) as second:
            assert await first.receive_some() == b""
            await second.send_all(WELL)
            while not any(each.idle_since is None for each in site.connections):
                await trio.testing.wait_all_tasks_blocked()


async def test_what_is_reserved_is_left_however_many_clients_come_that_stay() -> None:
    async with serving() as served:
        with open_files_at_most(lowest_free_descriptor() + 90):
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            streams = list[trio.SocketStream]()
            with suppress(trio.TooSlowError):
                while len(streams) < limit:
                    streams.append(await streaming(served))
            assert lowest_free_descriptor() < limit - limit // 8 + 2
            await streams.pop().aclose()
            streams.append(await streaming(served))
        for stream in streams:
            await stream.aclose()


async def test_clients_that_have_few_descriptors_get_one_however_many_others_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("argus_trio.frontend.server.serving.RESERVED_DESCRIPTORS", 3)
    async with serving() as served:
        with open_files_at_most(lowest_free_descriptor() + 20):
            others = [os.dup(0) for _ in range(17)]
            stream = await asked(served)
            for each in others:
                os.close(each)
        await stream.aclose()
