"""What a reload changes of the front end while it serves."""

from __future__ import annotations

import ssl
from pathlib import Path

import h11
import pytest
import trio
from cryptography import x509

from argus_trio.config.model.server import Server, ServerTls
from argus_trio.errors import ListenFailed
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from tests.frontend.support.serving import Served, call, connected, initialized, post, serving
from tests.servers.certificates import make_pair


async def test_new_hosts_and_origins_hold_for_connections_that_are_open_already() -> None:
    async with serving() as served, connected(served) as client:
        headers = {"host": "a.example", "origin": "https://app.example"}
        assert (await client.ask("GET", "/nowhere", headers)).status == 421
        settings = Server(port=0, allowed_hosts=("a.example",), allowed_origins=("https://app.example",))
        served.settings.renew(ServedSettings.of(settings))
        assert (await client.ask("GET", "/nowhere", headers)).status == 404
        served.settings.renew(ServedSettings.of(Server(port=0)))
        assert (await client.ask("GET", "/nowhere", headers)).status == 421


async def test_clients_may_call_it_by_the_host_of_its_public_url() -> None:
    settings = Server(port=0, public_url="https://Argus.Example:8443/tools")
    async with serving(settings=settings) as served, connected(served) as client:
        for host, status in (("argus.example:8443", 200), ("argus.example", 200), ("other.example", 421)):
            assert (await client.ask("GET", "/manage/v1/backends", {"host": host})).status == status


async def test_another_size_of_bodies_holds_for_the_next_request_and_sessions_live_on() -> None:
    async with serving() as served:
        session = await initialized(served)
        assert (await post(served, call("echo"), session)).status == 200
        served.settings.renew(ServedSettings.of(Server(port=0, max_body_bytes=10)))
        assert (await post(served, call("echo"), session)).status == 413
        served.settings.renew(ServedSettings.of(Server(port=0)))
        assert (await post(served, call("echo"), session)).status == 200


async def test_the_drain_takes_as_long_as_is_said_last() -> None:
    async with serving(settings=Server(port=0, drain_timeout=60)) as served, trio.open_nursery() as nursery:
        session = await initialized(served)
        nursery.start_soon(cut, served, session)
        await served.backstage.waiting.wait()
        served.settings.renew(ServedSettings.of(Server(port=0, drain_timeout=0.1)))
        served.stop.set()
        await served.stopped.wait()


async def cut(served: Served, session: dict[str, str]) -> None:
    """A call whose answer never comes."""
    with pytest.raises(h11.RemoteProtocolError):
        await post(served, call("wait"), session)


async def serial_of(port: int) -> int:
    """The serial number of the certificate that is served."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    stream = trio.SSLStream(await trio.open_tcp_stream("127.0.0.1", port), context, https_compatible=True)
    await stream.do_handshake()
    raw = stream.getpeercert(binary_form=True)
    await stream.aclose()
    return x509.load_der_x509_certificate(raw).serial_number


async def test_a_new_certificate_is_for_new_connections_and_open_ones_live_on(tmp_path: Path) -> None:
    settings = Server(port=0, tls=ServerTls(**make_pair(tmp_path, number=11)))
    async with serving(settings=settings) as served:
        assert await serial_of(served.port) == 11
        context = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        plain = await trio.open_tcp_stream("127.0.0.1", served.port)
        old = trio.SSLStream(plain, context, server_hostname="localhost", https_compatible=True)
        await old.do_handshake()
        make_pair(tmp_path, number=12)
        served.settings.renew(ServedSettings.of(settings))
        assert await serial_of(served.port) == 12
        await old.send_all(b"GET /manage/v1/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert b'"healthy"' in await old.receive_some()
        await old.aclose()


def test_tls_is_not_switched_while_it_listens(tmp_path: Path) -> None:
    secure = ServedSettings.of(Server(port=0, tls=ServerTls(**make_pair(tmp_path))))
    plain = ServedSettings.of(Server(port=0, max_body_bytes=7))
    current = CurrentSettings(secure)
    current.renew(plain)
    assert current.now.context is secure.context
    assert current.now.limits.body_bytes == 7
    current = CurrentSettings(plain)
    current.renew(secure)
    assert current.now.context is None


def test_a_certificate_that_cannot_be_used_makes_no_settings(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    pair["key_file"].write_text("no key")
    with pytest.raises(ListenFailed, match="cannot be used"):
        ServedSettings.of(Server(tls=ServerTls(**pair)))
