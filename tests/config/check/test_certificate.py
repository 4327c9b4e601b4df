"""Whether a certificate and its key can be served with, and what is said if not."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from argus_trio.config.check.certificate import CertificateUnusable, load_certificate
from argus_trio.config.model.server import ServerTls
from tests.servers.certificates import make_pair


@pytest.fixture
def tls(tmp_path: Path) -> ServerTls:
    return ServerTls(**make_pair(tmp_path))


def reason(tls: ServerTls) -> str:
    with pytest.raises(CertificateUnusable) as caught:
        load_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tls)
    return str(caught.value)


def test_a_certificate_with_its_key_is_loaded(tls: ServerTls) -> None:
    load_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tls)


def test_a_file_that_is_not_there_is_named_by_the_systems_words(tls: ServerTls) -> None:
    tls.key_file.unlink()
    assert reason(tls) == "No such file or directory"


def test_a_key_of_another_certificate_is_refused(tls: ServerTls, tmp_path: Path) -> None:
    key = tls.key_file.read_bytes()
    make_pair(tmp_path, number=2)
    tls.key_file.write_bytes(key)
    assert reason(tls) == "KEY_VALUES_MISMATCH"


def test_what_is_no_pem_is_refused_in_a_few_words(tls: ServerTls) -> None:
    tls.cert_file.write_text("no certificate")
    assert 0 < len(reason(tls)) < 80


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tls: ServerTls) -> None:
    key = load_pem_private_key(tls.key_file.read_bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"hush-7f3a9c"),
    )
    tls.key_file.write_bytes(locked)
    assert 0 < len(reason(tls)) < 80
