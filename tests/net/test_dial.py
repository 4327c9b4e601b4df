"""Opening a connection: TLS and its checks, the tunnel of a proxy, and what the failures say."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
import trio

from argus_trio.core.access.address_guard import AddressGuard, AddressRefused
from argus_trio.errors import LinkFailed
from argus_trio.net.dial import NobodyListens, OriginRoute, client_tls, dial
from argus_trio.net.origin import split_url
from argus_trio.net.proxies import Proxy
from tests.servers.certificates import make_authority
from tests.servers.nasty_http import Received, Wire, nasty_server


async def say_hello(request: Received, wire: Wire) -> None:
    await wire.reply(200, b"hello")


async def ask(route: OriginRoute) -> bytes:
    with trio.fail_after(5):
        stream, _ = await dial(route)
        async with stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            return bytes(await stream.receive_some())


async def test_a_server_of_the_given_authority_is_trusted(tmp_path: Path) -> None:
    ca_file, served = make_authority(tmp_path)
    async with nasty_server(say_hello, tls=served) as server:
        route = OriginRoute(origin=split_url(server.url)[0], tls=await client_tls(ca_file))
        assert (await ask(route)).endswith(b"hello")


async def test_a_server_of_an_unknown_authority_is_not(tmp_path: Path) -> None:
    _, served = make_authority(tmp_path)

    async def shake(stream: trio.SocketStream) -> None:
        with pytest.raises(trio.BrokenResourceError):
            await trio.SSLStream(stream, served, server_side=True).do_handshake()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, shake, 0)
        origin = split_url(f"https://127.0.0.1:{listeners[0].socket.getsockname()[1]}")[0]
        with pytest.raises(LinkFailed, match=r"no TLS with https://127\.0\.0\.1:.*unable to get local issuer"):
            await ask(OriginRoute(origin=origin, tls=await client_tls(None)))
        nursery.cancel_scope.cancel()


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    ca_file, served = make_authority(tmp_path, name="other.test")

    async def shake(stream: trio.SocketStream) -> None:
        with pytest.raises(trio.BrokenResourceError):
            await trio.SSLStream(stream, served, server_side=True).do_handshake()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, shake, 0)
        origin = split_url(f"https://127.0.0.1:{listeners[0].socket.getsockname()[1]}")[0]
        with pytest.raises(LinkFailed, match="IP address mismatch"):
            await ask(OriginRoute(origin=origin, tls=await client_tls(ca_file)))
        nursery.cancel_scope.cancel()


async def test_plain_http_behind_an_https_address_is_named() -> None:
    async def talk(stream: trio.SocketStream) -> None:
        await stream.send_all(b"HTTP/1.1 400 Bad\r\n\r\n")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, talk, 0)
        origin = split_url(f"https://127.0.0.1:{listeners[0].socket.getsockname()[1]}")[0]
        with pytest.raises(LinkFailed, match="no TLS with"):
            await ask(OriginRoute(origin=origin, tls=ssl.create_default_context()))
        nursery.cancel_scope.cancel()


async def test_a_ca_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(LinkFailed, match="ca_file cannot be used: No such file"):
        await client_tls(tmp_path / "none.pem")
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(LinkFailed, match="ca_file cannot be used"):
        await client_tls(tmp_path / "empty.pem")


async def test_a_proxy_gives_a_tunnel_to_an_https_server(tmp_path: Path) -> None:
    ca_file, served = make_authority(tmp_path, name="backend.test")

    async def proxy(request: Received, wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inner = trio.SSLStream(wire.stream, served, server_side=True, https_compatible=True)
        assert await inner.receive_some() == b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"
        await inner.send_all(b"hello")
        wire.keep = False

    async with nasty_server(proxy) as server:
        route = OriginRoute(
            origin=split_url("https://backend.test")[0],
            tls=await client_tls(ca_file),
            proxy=Proxy(origin=split_url(server.url)[0], authorization="Basic eA=="),
        )
        assert await ask(route) == b"hello"
    [asked] = server.received
    assert (asked.method, asked.target) == ("CONNECT", "backend.test:443")
    assert asked.headers["proxy-authorization"] == "Basic eA=="


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            b"HTTP/1.1 407 Auth\r\ncontent-length: 0\r\n\r\n",
            "answered HTTP 407: it wants a user and password: .* HTTPS_PROXY",
        ),
        (b"hello\r\n\r\n", "does not answer in HTTP"),
        (b"", "does not answer in HTTP"),
    ],
)
async def test_a_proxy_that_gives_no_tunnel_is_named(said: bytes, reason: str) -> None:
    async def proxy(request: Received, wire: Wire) -> None:
        await wire.send(said)
        wire.keep = False

    async with nasty_server(proxy) as server:
        route = OriginRoute(
            origin=split_url("https://backend.test")[0],
            tls=await client_tls(None),
            proxy=Proxy(origin=split_url(server.url)[0]),
        )
        with pytest.raises(LinkFailed, match=f"the proxy {server.origin} {reason}"):
            await ask(route)


async def test_a_server_that_never_answers_the_handshake_runs_into_the_deadline(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Silent(trio.abc.HostnameResolver):
        async def getaddrinfo(self, *args: object, **more: object) -> list[object]:  # type: ignore[override]
            await trio.sleep_forever()
            raise AssertionError

        async def getnameinfo(self, *args: object) -> tuple[str, str]:
            raise AssertionError

    trio.socket.set_custom_hostname_resolver(Silent())
    with pytest.raises(LinkFailed, match=r"http://slow.test did not take the connection within 10 s"):
        await dial(OriginRoute(origin=split_url("http://slow.test/")[0]))


class Resolver(trio.abc.HostnameResolver):
    """Every name has these addresses; a name is looked up once."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.count = 0

    async def getaddrinfo(self, _: object, port: object, *args: object) -> list[object]:  # type: ignore[override]
        self.count += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in self.addresses]

    async def getnameinfo(self, *args: object) -> tuple[str, str]:
        raise AssertionError


async def test_a_guarded_name_is_looked_up_once_and_what_it_says_is_dialled() -> None:
    async with nasty_server(say_hello) as server:
        origin = split_url(server.url.replace("127.0.0.1", "idp.example"))[0]
        trio.socket.set_custom_hostname_resolver(resolver := Resolver("127.0.0.1"))
        guard = AddressGuard(allows_loopback=True)
        assert (await ask(OriginRoute(origin=origin, guard=guard))).endswith(b"hello")
        assert resolver.count == 1


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("169.254.169.254",)])
async def test_a_guarded_name_with_any_address_that_is_not_public_is_not_dialled(addresses: tuple[str, ...]) -> None:
    trio.socket.set_custom_hostname_resolver(Resolver(*addresses))
    origin = split_url("https://idp.example")[0]
    with pytest.raises(AddressRefused, match=r"https://idp\.example is at a .* address"):
        await ask(OriginRoute(origin=origin, guard=AddressGuard()))


async def test_the_next_address_of_a_guarded_name_is_tried_where_nobody_listens() -> None:
    async with nasty_server(say_hello) as server:
        origin = split_url(server.url.replace("127.0.0.1", "idp.example"))[0]
        guard = AddressGuard(allows_loopback=True)
        trio.socket.set_custom_hostname_resolver(Resolver("127.77.0.1", "127.0.0.1"))
        assert (await ask(OriginRoute(origin=origin, guard=guard))).endswith(b"hello")
        trio.socket.set_custom_hostname_resolver(Resolver("127.77.0.1", "127.77.0.2"))
        with pytest.raises(NobodyListens, match="any of its 2 addresses"):
            await ask(OriginRoute(origin=origin, guard=guard))


async def test_behind_a_proxy_the_proxy_resolves_and_an_address_is_judged_all_the_same() -> None:
    proxy = Proxy(origin=split_url("http://127.0.0.1:1")[0])
    inside = split_url("https://10.0.0.1")[0]
    with pytest.raises(AddressRefused):
        await ask(OriginRoute(origin=inside, proxy=proxy, guard=AddressGuard()))
    outside = split_url("https://idp.example")[0]
    with pytest.raises(LinkFailed, match=r"cannot connect to http://127\.0\.0\.1:1"):
        await ask(OriginRoute(origin=outside, proxy=proxy, guard=AddressGuard()))


async def test_a_guarded_name_that_is_not_known_is_told() -> None:
    with pytest.raises(LinkFailed, match=r"cannot connect to https://nowhere\.invalid"):
        await ask(OriginRoute(origin=split_url("https://nowhere.invalid")[0], guard=AddressGuard()))
