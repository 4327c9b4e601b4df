"""Whose certificate a server shows, where it is not trusted: read from a handshake that verifies nothing else."""

from __future__ import annotations

import ssl
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.net.origin import Origin

TRUST_SECONDS: Final = 5.0
"""How long each of the two handshakes may take: the server has just answered one."""
_NAMES: Final = ("commonName", "organizationName")


@attrs.frozen(kw_only=True)
class ShownCertificate(Value):
    """What a certificate says; empty where it does not."""

    issuer: str = ""
    subject: str = ""
    names: tuple[str, ...] = ()
    """The names and addresses that it is for."""
    not_after: str = ""
    """Until when it holds, as OpenSSL writes it."""
    is_self_signed: bool = False


async def shown_certificate(origin: Origin) -> ShownCertificate:
    """What the certificate of the server there says; nothing where it cannot be read, as when it has expired."""
    with trio.move_on_after(2 * TRUST_SECONDS):
        raw = await _certificate(origin, _unverified())
        if raw is not None:
            return described(await _described_by_handshake(origin, raw))
    return ShownCertificate()


def described(told: object) -> ShownCertificate:
    """What `ssl` tells of a certificate, as a value."""
    if not isinstance(told, dict) or not told:
        return ShownCertificate()
    issuer, subject = _name_of(told.get("issuer")), _name_of(told.get("subject"))
    names = tuple(str(value) for _, value in told.get("subjectAltName", ()))
    return ShownCertificate(
        issuer=issuer,
        subject=subject,
        names=names,
        not_after=str(told.get("notAfter", "")),
        is_self_signed=told.get("issuer") == told.get("subject"),
    )


def trusting(raw: bytes) -> ssl.SSLContext:
    """What trusts this one certificate, whoever issued it, so that `ssl` reads it."""
    context = _unverified()
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=raw)
    return context


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _certificate(origin: Origin, context: ssl.SSLContext) -> bytes | None:
    stream = await _handshaken(origin, context)
    if stream is None:
        return None
    try:
        found: bytes | None = stream.getpeercert(binary_form=True)
        return found
    finally:
        await trio.aclose_forcefully(stream)


async def _described_by_handshake(origin: Origin, raw: bytes) -> object:
    try:
        context = trusting(raw)
    except ssl.SSLError:
        return None
    stream = await _handshaken(origin, context)
    if stream is None:
        return None
    try:
        return stream.getpeercert()
    finally:
        await trio.aclose_forcefully(stream)


async def _handshaken(origin: Origin, context: ssl.SSLContext) -> trio.SSLStream[trio.SocketStream] | None:
    try:
        tcp = await trio.open_tcp_stream(origin.host, origin.port)
    except OSError:
        return None
    stream = trio.SSLStream(tcp, context, server_hostname=origin.host, https_compatible=True)
    try:
        await stream.do_handshake()
    except (trio.BrokenResourceError, ssl.SSLError):
        await trio.aclose_forcefully(tcp)
        return None
    except BaseException:
        await trio.aclose_forcefully(tcp)
        raise
    return stream


async def speaks_tls(origin: Origin) -> bool:
    """Whether who listens there speaks TLS, whatever its certificate is worth."""
    with trio.move_on_after(TRUST_SECONDS):
        return await _certificate(origin, _unverified()) is not None
    return False


def _name_of(told: object) -> str:
    """The name that people know somebody by, out of a distinguished name."""
    if not isinstance(told, tuple):
        return ""
    parts = {key: value for group in told for key, value in group}
    return ", ".join(str(parts[name]) for name in _NAMES if name in parts)
