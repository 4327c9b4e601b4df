"""Sockets and certificates."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path

import pytest
import trio

from argus_trio.config.model.server import Server, ServerTls
from argus_trio.core.access.access import Access
from argus_trio.errors import ListenFailed
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.server.listeners import OpenListeners, open_listeners
from argus_trio.frontend.server.socket_activation import Inherited
from tests.frontend.support.serving import serving
from tests.servers.certificates import make_pair


@pytest.fixture
def tls(tmp_path: Path) -> ServerTls:
    """A certificate for localhost, signed by itself."""
    return ServerTls(**make_pair(tmp_path))


async def opened(settings: Server, inherited: tuple[Inherited, ...] = ()) -> OpenListeners:
    return await open_listeners(CurrentSettings(ServedSettings.of(settings)), inherited)


async def test_port_0_takes_a_free_one_and_tells_it() -> None:
    listening = await opened(Server(port=0))
    port = listening.listeners[0].listening.getsockname()[1]
    assert listening.urls == (f"http://127.0.0.1:{port}",)
    for listener in listening.listeners:
        await listener.aclose()


async def test_an_ipv6_address_stands_in_brackets() -> None:
    listening = await opened(Server(host="::1", port=0))
    assert listening.urls[0].startswith("http://[::1]:")
    for listener in listening.listeners:
        await listener.aclose()


async def test_a_port_in_use_is_one_clear_line() -> None:
    async with serving() as served:
        with pytest.raises(ListenFailed) as failure:
            await opened(Server(port=served.port))
        assert str(failure.value) == (
            f"cannot listen on 127.0.0.1:{served.port}: the port is in use; "
            "end what listens there, or choose another server.port"
        )


async def test_an_address_of_another_machine_is_one_clear_line() -> None:
    with pytest.raises(ListenFailed, match=r"192\.0\.2\.1.*server\.host"):
        await opened(Server(host="192.0.2.1", port=0))


async def test_https_is_served_with_the_certificate(tls: ServerTls) -> None:
    async with serving(settings=Server(port=0, tls=tls)) as served:
        assert served.url.startswith("https://")
        context = ssl.create_default_context(cafile=tls.cert_file)
        context.set_alpn_protocols(["h2", "http/1.1"])
        stream = await secured(served.port, context)
        await stream.send_all(b"GET /manage/v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b'"healthy"' in await stream.receive_some()
        assert stream.selected_alpn_protocol() == "http/1.1"
        served.stop.set()
        await served.stopped.wait()
        await stream.aclose()


async def test_plain_http_to_https_harms_nobody(tls: ServerTls) -> None:
    async with serving(settings=Server(port=0, tls=tls)) as served:
        async with await trio.open_tcp_stream("127.0.0.1", served.port) as stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert not (await stream.receive_some()).startswith(b"HTTP/")
        secure = await secured(served.port, ssl.create_default_context(cafile=tls.cert_file))
        await secure.send_all(b"GET /manage/v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b'"healthy"' in await secure.receive_some()
        await secure.aclose()


async def secured(port: int, context: ssl.SSLContext) -> trio.SSLStream[trio.SocketStream]:
    """A TLS stream to this machine that takes it for `localhost`."""
    plain = await trio.open_tcp_stream("127.0.0.1", port)
    return trio.SSLStream(plain, context, server_hostname="localhost", https_compatible=True)


async def test_a_certificate_that_cannot_be_used_is_one_clear_line(tls: ServerTls) -> None:
    tls.key_file.write_text("no key")
    with pytest.raises(ListenFailed, match=r"certificate .* cannot be used .*; mend server\.tls"):
        await opened(Server(port=0, tls=tls))
    tls.cert_file.unlink()
    with pytest.raises(ListenFailed, match="No such file"):
        await opened(Server(port=0, tls=tls))


async def test_an_inherited_socket_is_served_on_and_the_address_is_not(tmp_path: Path) -> None:
    given = socket.create_server(("127.0.0.1", 0))
    port = given.getsockname()[1]
    async with serving() as other:  # its port is taken, so that listening there would fail
        listening = await opened(Server(port=other.port), (Inherited(given, "descriptor 3"),))
    assert listening.urls == (f"http://127.0.0.1:{port}",)
    (listener,) = listening.listeners
    async with listener, await trio.open_tcp_stream("127.0.0.1", port):
        (accepted,) = await listener.accept()
        await accepted.stream.aclose()


async def test_a_unix_socket_serves_requests(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as given:
        given.bind(str(tmp_path / "argus"))
        given.listen()
        async with serving(inherited=(Inherited(given, "descriptor 3"),)) as served:
            assert served.url == f"http://unix:{tmp_path}/argus:"
            async with await trio.open_unix_socket(str(tmp_path / "argus")) as stream:
                await stream.send_all(b"GET /manage/v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
                assert b'"healthy"' in await stream.receive_some()


async def test_an_abstract_unix_socket_has_a_name_too() -> None:
    with socket.socket(socket.AF_UNIX) as given:
        given.bind(f"\0argus-trio-test-{os.getpid()}")
        given.listen()
        listening = await opened(Server(), (Inherited(given, "descriptor 3"),))
        assert listening.urls == (f"http://unix:@argus-trio-test-{os.getpid()}:",)


async def test_an_inherited_socket_beyond_loopback_needs_to_be_meant() -> None:
    with socket.create_server(("0.0.0.0", 0)) as given:
        handed = (Inherited(given, "descriptor 3"),)
        with pytest.raises(ListenFailed, match=r"0\.0\.0\.0:\d+, descriptor 3: .*server\.allow_unauthenticated"):
            await opened(Server(), handed)
        (url,) = (await opened(Server(allow_unauthenticated=True), handed)).urls
        assert url.startswith("http://0.0.0.0:")
        asking = ServedSettings.of(Server(), access=Access(asks_everybody=True))
        (url,) = (await open_listeners(CurrentSettings(asking), handed)).urls
        assert url.startswith("http://0.0.0.0:")
