"""What a closer look at a remote backend finds, against servers that fail for real."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import warnings
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from argus_trio.config.model.backend import ClientTls, HttpBackend, SseBackend
from argus_trio.doctor.backends.closer import PATIENT, ServerPatience, look_closer
from argus_trio.doctor.backends.diagnosis import Diagnosis
from tests.servers.certificates import make_authority
from tests.servers.nasty_http import Handler, Received, Wire, nasty_server
from tests.servers.sdk_http import make_server, serve_app

NO_VARIABLES: Mapping[str, str] = {}


async def diagnosed(
    spec: HttpBackend | SseBackend, environ: Mapping[str, str] = NO_VARIABLES, *, patience: ServerPatience = PATIENT
) -> Diagnosis:
    with trio.fail_after(30):
        found = await look_closer(spec, environ, patience=patience)
    assert found is not None, "nothing was found"
    return found


def http(url: str, **more: object) -> HttpBackend:
    return HttpBackend(name="it", url=url, **more)  # type: ignore[arg-type]  # fields as they are written


def answering(
    status: int, body: bytes = b"", *, kind: str = "", more: str = ""
) -> Callable[[Received, Wire], Awaitable[None]]:
    async def answer(_: Received, wire: Wire) -> None:
        await wire.reply(status, body, kind=kind, more=more)

    return answer


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def test_a_name_that_does_not_resolve_is_told_as_such() -> None:
    found = await diagnosed(http("https://no-such-host.invalid/mcp"))
    assert "the name no-such-host.invalid cannot be resolved" in found.what
    assert "mend backends.it.url" in found.advice


async def test_a_closed_port_is_told_with_what_to_do() -> None:
    port = closed_port()
    found = await diagnosed(http(f"http://127.0.0.1:{port}/mcp"))
    assert found.what == f"nothing listens at port {port} of 127.0.0.1 (Connection refused)"
    assert found.advice == "start that server, or name its port in backends.it.url"


async def test_a_proxy_that_does_not_listen_is_the_one_to_blame() -> None:
    proxy = f"http://127.0.0.1:{closed_port()}"
    found = await diagnosed(http("http://mcp.example/mcp"), {"HTTP_PROXY": proxy})
    assert "nothing listens at port" in found.what
    assert "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY" in found.advice
    assert "NO_PROXY" in found.advice


async def test_a_proxy_that_refuses_a_tunnel_is_named() -> None:
    async with nasty_server(answering(403)) as proxy:
        found = await diagnosed(http("https://mcp.example/mcp"), {"HTTPS_PROXY": proxy.origin})
    assert found.what == f"the proxy {proxy.origin} answered HTTP 403"
    assert "to let mcp.example:443 through" in found.advice


async def test_a_certificate_of_a_private_authority_is_told_with_its_issuer(tmp_path: Path) -> None:
    _, served = make_authority(tmp_path)
    async with nasty_server(answering(200), tls=served) as server:
        found = await diagnosed(http(server.url))
    assert "is not trusted (issued by the test authority): unable to get local issuer certificate" in found.what
    assert "write the PEM file of its issuer as backends.it.tls: {ca_file: PATH}" in found.advice
    assert "openssl s_client -showcerts -connect 127.0.0.1:" in found.advice


async def test_a_certificate_for_another_name_is_told_with_the_names_that_it_is_for(tmp_path: Path) -> None:
    ca_file, served = make_authority(tmp_path, name="other.test")
    async with nasty_server(answering(200), tls=served) as server:
        found = await diagnosed(http(server.url, tls=ClientTls(ca_file=ca_file)))
    assert found.what == f"the certificate of {server.origin} is for another name; it is for other.test"
    assert "backends.it.url" in found.advice


def self_signed(folder: Path, *, begin: int, end: int) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signed itself and holds from so many days from now to so many."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=begin))
        .not_valid_after(now + datetime.timedelta(days=end))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "self.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


async def test_a_certificate_that_signed_itself_is_told_as_such(tmp_path: Path) -> None:
    _, served = self_signed(tmp_path, begin=-1, end=1)
    async with nasty_server(answering(200), tls=served) as server:
        found = await diagnosed(http(server.url))
    assert "is not trusted (it signed itself, as 127.0.0.1)" in found.what
    assert "tls: {ca_file: PATH}" in found.advice


@pytest.mark.parametrize(
    ("begin", "end", "what"), [(-9, -2, "has expired"), (2, 9, "is not valid yet")], ids=["expired", "not yet"]
)
async def test_a_certificate_out_of_its_time_is_told_as_such(tmp_path: Path, begin: int, end: int, what: str) -> None:
    path, served = self_signed(tmp_path, begin=begin, end=end)
    async with nasty_server(answering(200), tls=served) as server:
        found = await diagnosed(http(server.url, tls=ClientTls(ca_file=path)))
    assert found.what == f"the certificate of {server.origin} {what}"
    assert "clock of this machine" in found.advice


async def test_an_https_address_of_a_plain_port_is_told_to_be_http() -> None:
    async with nasty_server(answering(400)) as server:
        found = await diagnosed(http(server.url.replace("http:", "https:")))
    assert "speaks no TLS" in found.what
    assert f"write backends.it.url as {server.origin}/" in found.advice


async def test_an_http_address_of_a_port_of_tls_is_told_to_be_https(tmp_path: Path) -> None:
    _, served = make_authority(tmp_path)
    async with nasty_server(answering(200), tls=served) as server:
        found = await diagnosed(http(server.url.replace("https:", "http:")))
    assert "speaks TLS, and is asked in plain text" in found.what
    assert found.advice == "write https:// in backends.it.url"


async def test_an_http_address_that_a_web_server_answers_in_plain_text_is_told_to_be_https() -> None:
    body = b"<html><body>The plain HTTP request was sent to HTTPS port</body></html>"
    async with nasty_server(answering(400, body, kind="text/html")) as server:
        found = await diagnosed(http(server.url))
    assert found.advice == "write https:// in backends.it.url"


async def test_a_server_of_the_older_transport_is_told_to_be_sse() -> None:
    warnings.simplefilter("ignore")
    async with serve_app(make_server().sse_app()) as origin:
        found = await diagnosed(http(f"{origin}/sse"))
    assert "speaks HTTP+SSE, the older transport there, not what `type: streamable-http` says" in found.what
    assert found.advice == "write backends.it.type: sse"


async def test_a_server_of_streamable_http_that_is_declared_as_sse_is_told_so() -> None:
    async with serve_app(make_server().streamable_http_app()) as origin:
        found = await diagnosed(SseBackend(name="it", url=f"{origin}/mcp"))
    assert "speaks Streamable HTTP there, not what `type: sse` says" in found.what
    assert found.advice == "write backends.it.type: streamable-http"


@pytest.mark.parametrize("path", ["", "/", "/mpc", "/api"])
async def test_a_wrong_path_is_told_with_the_right_one(path: str) -> None:
    async with serve_app(make_server().streamable_http_app()) as origin:
        found = await diagnosed(http(f"{origin}{path}"))
    assert found.advice == f"write backends.it.url: {origin}/mcp"


async def test_a_wrong_path_and_type_are_told_together() -> None:
    warnings.simplefilter("ignore")
    async with serve_app(make_server().sse_app()) as origin:
        found = await diagnosed(http(f"{origin}/mcp"))
    assert found.advice == f"write backends.it.url: {origin}/sse and backends.it.type: sse"


async def test_a_server_that_is_in_order_is_not_complained_of() -> None:
    async with serve_app(make_server().streamable_http_app()) as origin:
        assert await look_closer(http(f"{origin}/mcp"), NO_VARIABLES) is None


ANSWERS = (
    (answering(200, b"<!doctype html><p>hello", kind="text/html"), "a page for browsers", "the MCP endpoint"),
    (answering(200, b"hello", kind="text/plain"), "no MCP (HTTP 200, text/plain)", "backends.it.url"),
    (answering(400, b"no"), "does not understand the greeting", "backends.it.url"),
    (answering(401), "wants to know who asks (HTTP 401)", 'headers: {Authorization: "Bearer ${TOKEN}"}'),
    (answering(401, more='www-authenticate: Bearer realm="x"\r\n'), "it wants Bearer", "get a token"),
    (answering(401, more="www-authenticate: Basic\r\n"), "it wants Basic", "base64 of USER:PASSWORD"),
    (
        answering(401, more='www-authenticate: Bearer resource_metadata="https://x/.well-known"\r\n'),
        "it wants Bearer",
        "offers OAuth",
    ),
    (answering(403), "refuses who asks (HTTP 403)", "backends.it.headers"),
    (answering(404), "nothing at this path (HTTP 404)", "/mcp for most"),
    (answering(405), "does not take this method there (HTTP 405)", "backends.it.type"),
    (answering(406), "does not answer in a form of MCP", "must not set Accept"),
    (answering(429), "asked less often", "argus-trio restart it"),
    (answering(500), "fails at the greeting (HTTP 500)", "log of the server"),
    (answering(503), "does not reach it, or it is busy (HTTP 503)", "tried again by itself"),
    (answering(302, more="location: https://sso.example/login?next=x\r\n"), "page to sign in", "backends.it.headers"),
    (
        answering(308, more="location: https://mcp.example/v2\r\n"),
        "redirects to https://mcp.example/v2",
        "write backends.it.url: https://mcp.example/v2",
    ),
)


@pytest.mark.parametrize(("handler", "what", "advice"), ANSWERS)
async def test_an_answer_that_is_no_mcp_is_told_with_what_to_do(handler: Handler, what: str, advice: str) -> None:
    async with nasty_server(handler) as server:
        found = await diagnosed(http(server.url))
    assert what in found.what
    assert advice in found.advice


async def test_a_token_that_is_refused_is_told_to_be_renewed_and_not_shown() -> None:
    async with nasty_server(answering(401)) as server:
        found = await diagnosed(http(server.url, headers={"Authorization": "Bearer secret-token"}))
    assert "does not accept the token that it is sent" in found.what
    assert "renew it" in found.advice
    assert "secret-token" not in found.what + found.advice


async def test_a_redirect_with_a_secret_in_its_query_is_told_without_it() -> None:
    handler = answering(308, more="location: https://mcp.example/v2?key=secret\r\n")
    async with nasty_server(handler) as server:
        found = await diagnosed(http(f"{server.url}?key=secret"))
    assert "secret" not in found.what + found.advice


async def test_a_server_that_takes_connections_and_never_answers_is_told_within_the_deadline() -> None:
    async def never(_: Received, wire: Wire) -> None:
        await wire.until_closed()

    async with nasty_server(never) as server:
        found = await diagnosed(http(server.url), patience=ServerPatience(question=0.2))
    assert found.what == "the server did not answer within 0.2 s"
    assert "hangs" in found.advice


async def test_a_port_whose_queue_is_full_is_told_as_behind_a_firewall() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        address = deaf.getsockname()
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(partial(_hold, address))
            await trio.testing.wait_all_tasks_blocked(0.05)
            spec = http(f"http://127.0.0.1:{address[1]}/mcp")
            found = await diagnosed(spec, patience=ServerPatience(reach=0.3))
            nursery.cancel_scope.cancel()
    assert "does not answer within 0.3 s: a firewall drops it" in found.what
    assert "curl -v" in found.advice


async def _hold(address: tuple[str, int]) -> None:
    with trio.socket.socket() as held:
        await held.connect(address)
        await trio.sleep_forever()
