"""Names and connections as the shims play them: what is answered, what is passed on to the filter, and the bounds."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
import trio

from argus_trio.sandbox.plan.outcome import ShimKind
from tests.sandbox.shim.trial import KINDS, TYPE_AAAA, TYPE_MX, Trial, address_in, free_port, question, trial

pytestmark = pytest.mark.parametrize("kind", KINDS)

IDLE = "import sys; sys.stdin.read()"
INNER = ipaddress.ip_network("127.64.0.0/10")
Filter = Callable[[trio.SocketStream, bytes], Awaitable[None]]


@asynccontextmanager
async def networked(
    kind: ShimKind, tmp_path: Path, serve: Filter, *, local: bool = False
) -> AsyncIterator[tuple[Trial, int]]:
    """A shim whose names have one port, and a filter that answers as `serve` does."""
    port = free_port()

    async def filtering(stream: trio.SocketStream) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await stream.receive_some(1)
        with suppress(trio.BrokenResourceError):  # a test that goes leaves connections behind
            await serve(stream, head)

    async with trial(kind, tmp_path) as shim, trio.open_nursery() as nursery:
        await shim.python(IDLE, ports=f"{port},localhost:{port}" if local else f"{port}")
        nursery.start_soon(trio.serve_listeners, filtering, [shim.egress])
        yield shim, port
        nursery.cancel_scope.cancel()


async def let_through(stream: trio.SocketStream, head: bytes) -> None:
    """A filter that says what it was asked for, and gives back what comes, to its end."""
    await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n" + head.splitlines()[0] + b"\n")
    while chunk := await stream.receive_some(65536):
        await stream.send_all(chunk)
    await stream.send_all(b"the end")
    await stream.send_eof()


async def refuse(stream: trio.SocketStream, head: bytes) -> None:
    await stream.send_all(b"HTTP/1.1 403 not_allowed\r\n\r\n")


async def read_to_end(stream: trio.SocketStream) -> bytes:
    read = b""
    while chunk := await stream.receive_some(65536):
        read += chunk
    return read


async def is_reset(address: str, port: int) -> bool:
    """Whether a connection is reset, be it so soon that it was never seen open."""
    try:
        async with await trio.open_tcp_stream(address, port) as stream:
            await stream.receive_some(1)
    except trio.BrokenResourceError as broken:
        return isinstance(broken.__cause__, ConnectionResetError)
    except OSError as failed:
        group = failed.__cause__
        return isinstance(group, ExceptionGroup) and group.subgroup(ConnectionResetError) is not None
    return False


async def test_each_name_has_an_address_of_its_own(kind: ShimKind, tmp_path: Path) -> None:
    async with networked(kind, tmp_path, refuse) as (shim, _):
        first, second = await shim.ask_name("example.com"), await shim.ask_name("api.github.com")
        assert first is not None
        assert second is not None
        assert ipaddress.ip_address(first) in INNER
        assert ipaddress.ip_address(second) in INNER
        assert first != second
        assert await shim.ask_name("EXAMPLE.com") == first


@pytest.mark.parametrize(
    ("name", "record", "address"),
    [
        ("example.com", TYPE_AAAA, None),
        ("example.com", TYPE_MX, None),
        ("localhost", 1, "127.0.0.1"),
        ("app.localhost", 1, "127.0.0.1"),
        ("odd name!.com", 1, None),
    ],
)
async def test_what_has_no_address_of_its_own_is_answered_all_the_same(
    kind: ShimKind, tmp_path: Path, name: str, record: int, address: str | None
) -> None:
    async with networked(kind, tmp_path, refuse) as (shim, _):
        assert await shim.ask_name(name, record) == address


async def test_names_are_answered_over_tcp_as_well(kind: ShimKind, tmp_path: Path) -> None:
    async with networked(kind, tmp_path, refuse) as (shim, _):
        stream = await trio.open_tcp_stream("127.0.0.1", shim.dns_port)
        async with stream:
            asked = question("example.com")
            await stream.send_all(struct.pack("!H", len(asked)) + asked[:5])
            await stream.send_all(asked[5:])
            answer = b""
            while len(answer) < 2 or len(answer) < 2 + int.from_bytes(answer[:2], "big"):
                answer += await stream.receive_some(1500)
            assert address_in(answer[2:]) == await shim.ask_name("example.com")


async def test_garbage_is_not_answered_and_harms_nothing(kind: ShimKind, tmp_path: Path) -> None:
    async with networked(kind, tmp_path, refuse) as (shim, _):
        with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for garbage in (b"x", b"\0" * 12, question("a.b")[:-3], b"\xff" * 100, question("a")[:12] + b"\x3f" * 30):
                await sock.sendto(garbage, ("127.0.0.1", shim.dns_port))
        async with await trio.open_tcp_stream("127.0.0.1", shim.dns_port) as stream:
            await stream.send_all(b"\xff\xff" + b"x" * 4000)
            with suppress(trio.BrokenResourceError):
                assert await stream.receive_some(1) == b""
        assert await shim.ask_name("example.com") is not None


async def test_a_connection_to_a_name_is_passed_on_with_its_name_and_half_closes(
    kind: ShimKind, tmp_path: Path
) -> None:
    async with networked(kind, tmp_path, let_through) as (shim, port):
        address = await shim.ask_name("db.example.com")
        assert address is not None
        async with await trio.open_tcp_stream(address, port) as stream:
            await stream.send_all(b"hello ")
            await stream.send_eof()
            assert await read_to_end(stream) == f"CONNECT db.example.com:{port} HTTP/1.1\nhello the end".encode()


async def test_megabytes_pass_in_both_directions_at_once(kind: ShimKind, tmp_path: Path) -> None:
    sent = bytes(range(256)) * (8 * 4096)
    async with networked(kind, tmp_path, let_through) as (shim, port):
        address = await shim.ask_name("big.example.com")
        assert address is not None
        async with await trio.open_tcp_stream(address, port) as stream, trio.open_nursery() as nursery:

            async def send() -> None:
                await stream.send_all(sent)
                await stream.send_eof()

            nursery.start_soon(send)
            read = await read_to_end(stream)
            assert read.partition(b"\n")[2] == sent + b"the end"


async def test_a_refusal_is_a_reset(kind: ShimKind, tmp_path: Path) -> None:
    async with networked(kind, tmp_path, refuse) as (shim, port):
        address = await shim.ask_name("evil.example.com")
        assert address is not None
        assert await is_reset(address, port)


async def test_an_address_without_a_name_leads_nowhere(kind: ShimKind, tmp_path: Path) -> None:
    async with networked(kind, tmp_path, let_through) as (_, port):
        with pytest.raises(OSError, match="all attempts"):
            await trio.open_tcp_stream("127.99.99.99", port)


async def test_localhost_has_only_the_ports_that_are_given_to_it(kind: ShimKind, tmp_path: Path) -> None:
    async with networked(kind, tmp_path, let_through, local=True) as (_, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            await stream.send_eof()
            assert (await read_to_end(stream)).startswith(f"CONNECT localhost:{port} ".encode())


async def test_a_server_can_listen_on_127_0_0_1_at_a_port_of_names(kind: ShimKind, tmp_path: Path) -> None:
    async with networked(kind, tmp_path, let_through) as (shim, port):
        assert await shim.ask_name("example.com") is not None
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            listener.listen()


async def test_a_server_that_listens_everywhere_first_keeps_its_port(kind: ShimKind, tmp_path: Path) -> None:
    async with networked(kind, tmp_path, let_through) as (shim, port):
        with socket.socket() as listener:
            listener.bind(("0.0.0.0", port))
            listener.listen()
            assert await shim.ask_name("example.com") is not None
        assert f"port {port} of names is not served" in (await shim.stderr.receive_some(1000)).decode()


async def test_a_filter_that_is_gone_is_a_reset(kind: ShimKind, tmp_path: Path) -> None:
    async with networked(kind, tmp_path, refuse) as (shim, port):
        address = await shim.ask_name("example.com")
        assert address is not None
        (shim.folder.path / "egress.sock").unlink()
        assert await is_reset(address, port)


async def test_a_flood_of_names_forgets_the_oldest_and_never_gives_an_address_twice(
    kind: ShimKind, tmp_path: Path
) -> None:
    async with networked(kind, tmp_path, let_through) as (shim, port):
        kept = await shim.ask_name("kept.example.com")
        first = await shim.ask_name("first.example.com")
        assert kept is not None
        assert first is not None
        seen = {kept, first}
        for number in range(1100):
            address = await shim.ask_name(f"n{number}.example.com")
            assert address is not None
            assert address not in seen
            seen.add(address)
            if number % 500 == 0:
                assert await shim.ask_name("kept.example.com") == kept
        async with await trio.open_tcp_stream(kept, port) as stream:
            await stream.send_eof()
            assert (await read_to_end(stream)).startswith(b"CONNECT kept.example.com:")
        with pytest.raises(OSError, match="all attempts"):
            await trio.open_tcp_stream(first, port)


async def test_more_connections_than_the_bound_are_reset_and_the_first_ones_live(
    kind: ShimKind, tmp_path: Path
) -> None:
    async with networked(kind, tmp_path, let_through) as (shim, port), AsyncExitStack() as stack:
        address = await shim.ask_name("example.com")
        assert address is not None
        for _ in range(512):
            stream = await stack.enter_async_context(await trio.open_tcp_stream(address, port))
            assert await stream.receive_some(1) == b"C"
        assert await is_reset(address, port)
        assert "more than 512 connections" in (await shim.stderr.receive_some(1000)).decode()
