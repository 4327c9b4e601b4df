"""The gateway's own certificate, and its public URL."""

from __future__ import annotations

import datetime
import time
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from argus_trio.app import run_gateway
from argus_trio.config.model.config import Config
from argus_trio.config.model.server import Server, ServerTls
from argus_trio.contract.health import STATUS, StatusAnswer
from argus_trio.doctor.backends.own_address import findings_of_certificate, holds_until, look_at_own_address
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.running import RunningGateway, RunningGateways
from argus_trio.manage_client.client import open_client
from argus_trio.manage_client.where import place_of
from tests.servers.certificates import make_pair

DAY = 86_400.0


def signed(folder: Path, days: float) -> ServerTls:
    """A certificate of an authority that nobody knows, which holds for so many days more."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, issuer = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in ("argus.test", "some authority")
    )
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=90))
        .not_valid_after(now + datetime.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    tls = ServerTls(cert_file=folder / "chain.pem", key_file=folder / "key.pem")
    tls.cert_file.write_bytes(made.public_bytes(pem))
    tls.key_file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return tls


def test_the_end_of_a_certificate_of_any_authority_is_read(tmp_path: Path) -> None:
    held = holds_until(signed(tmp_path, 40))
    assert held is not None
    assert held == pytest.approx(time.time() + 40 * DAY, abs=60)


def test_the_end_of_a_certificate_that_signed_itself_is_read(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    held = holds_until(ServerTls(cert_file=pair["cert_file"], key_file=pair["key_file"]))
    assert held == pytest.approx(time.time() + DAY, abs=60)


def test_a_certificate_that_has_expired_is_a_problem(tmp_path: Path) -> None:
    (found,) = findings_of_certificate(holds_until(signed(tmp_path, -1)), now=time.time())
    assert (found.severity, found.about) == ("problem", "server.tls")
    assert "has expired" in found.what


@pytest.mark.parametrize(("days", "what"), [(1.5, "expires in 1 day"), (13.5, "expires in 13 days")])
def test_a_certificate_that_expires_soon_is_a_warning(tmp_path: Path, days: float, what: str) -> None:
    (found,) = findings_of_certificate(holds_until(signed(tmp_path, days)), now=time.time())
    assert found.severity == "warning"
    assert what in found.what
    assert "server.tls.cert_file" in found.advice


def test_a_certificate_that_holds_for_long_is_not_complained_of(tmp_path: Path) -> None:
    assert findings_of_certificate(holds_until(signed(tmp_path, 40)), now=time.time()) == []


def test_of_files_that_hold_no_certificate_nothing_is_known(tmp_path: Path) -> None:
    tls = ServerTls(cert_file=tmp_path / "a.pem", key_file=tmp_path / "b.pem")
    assert holds_until(tls) is None
    for each in (tls.cert_file, tls.key_file):
        each.write_text("no certificate")
    assert holds_until(tls) is None


async def test_a_public_url_that_leads_to_another_gateway_or_to_nobody_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.touch()
    async with trio.open_nursery() as nursery:
        urls = [await _started(nursery) for _ in range(2)]
        async with open_client(place_of(urls[0], ""), "") as client:
            raw, _ = await client.fetch(STATUS)
            status = client.decoded(raw, StatusAnswer)
        running = RunningGateway(pid=1, file=path.resolve(), places=(place_of(urls[0], ""),), status=status)

        async def told(url: str) -> list[str]:
            examination = Examination(
                path=path,
                config=Config(server=Server(public_url=url)),
                environ={},
                home=tmp_path,
                cwd=tmp_path,
                running=RunningGateways(gateways=(running,)),
            )
            return [each.what for each in await look_at_own_address(examination)]

        assert await told(urls[0]) == []
        assert await told(urls[1]) == ["another gateway answers there than the one that runs this file"]
        (nobody,) = await told("http://127.0.0.1:9")
        assert "nothing of a gateway answers there from here" in nobody
        nursery.cancel_scope.cancel()


async def _started(nursery: trio.Nursery) -> str:
    """The address of a gateway without backends that runs in the nursery."""
    send, receive = trio.open_memory_channel[str](1)
    config = attrs.evolve(Config(), server=Server(port=0))
    nursery.start_soon(partial(run_gateway, config, on_listening=lambda urls: send.send_nowait(urls[0])))
    with trio.fail_after(10):
        return await receive.receive()
