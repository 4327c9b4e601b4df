"""The way to a remote backend, step by step: its address, the proxy, the name, the port, TLS."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Mapping
from typing import Final

import attrs
import trio

from argus_trio.config.model.backend import RemoteBackend
from argus_trio.doctor.backends.diagnosis import Diagnosis
from argus_trio.doctor.backends.trust import ShownCertificate, shown_certificate, speaks_tls
from argus_trio.errors import LinkFailed
from argus_trio.net.dial import OriginRoute, client_tls, dial
from argus_trio.net.origin import Origin, split_url
from argus_trio.net.proxies import Proxy, proxy_for

RESOLVE_SECONDS: Final = 5.0
"""How long a name may take to be resolved: a resolver that does not answer is asked again after five seconds."""
REACH_SECONDS: Final = 5.0
"""How long a port may take to answer: the second try of TCP comes after one second, the third after three."""
PLAIN_SECONDS: Final = 3.0
"""How long a server may take to answer a request in plain text, where it has not answered one of TLS."""
_NO_CHAIN: Final = frozenset({2, 18, 19, 20, 21})
_EXPIRED: Final = 10
_NOT_YET: Final = 9
_WRONG_NAME: Final = frozenset({62, 64})
"""Verification errors of OpenSSL, x509_vfy.h."""
_NO_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}
)
"""What OpenSSL calls an answer that is no TLS."""
_UNREACHABLE: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH})


async def way_to(
    spec: RemoteBackend, environ: Mapping[str, str], *, reach_seconds: float = REACH_SECONDS
) -> OriginRoute | Diagnosis:
    """How the backend is reached, once a connection was made and let go again; or why none can be."""
    at = f"backends.{spec.name}"
    try:
        origin, _ = split_url(spec.url)
    except LinkFailed as failure:
        return Diagnosis(what=failure.reason, advice=f"write {at}.url as https://HOST/mcp")
    try:
        proxy = proxy_for(origin, environ)
        tls = await client_tls(spec.tls.ca_file) if origin.is_tls else None
        proxy_tls = await client_tls(None) if proxy is not None and proxy.origin.is_tls else None
    except LinkFailed as failure:
        return Diagnosis(what=failure.reason, advice=f"mend the variable of the proxy, or {at}.tls.ca_file")
    nearest = origin if proxy is None else proxy.origin
    unreachable = await _reached(nearest, at, proxy, reach_seconds)
    if unreachable is not None:
        return unreachable
    route = OriginRoute(origin=origin, tls=tls, proxy=proxy, proxy_tls=proxy_tls)
    try:
        stream, _ = await dial(route)
    except LinkFailed as failure:
        return await _not_dialled(failure, route, at)
    await trio.aclose_forcefully(stream)
    return route


async def _reached(origin: Origin, at: str, proxy: Proxy | None, seconds: float) -> Diagnosis | None:
    """Why nothing takes connections at this name and port; None if something does."""
    who = f"the proxy {origin}" if proxy is not None else str(origin)
    variable = "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY"
    change = f"mend {variable}, or name the backend's host in NO_PROXY" if proxy is not None else f"mend {at}.url"
    try:
        with trio.fail_after(RESOLVE_SECONDS):
            await trio.socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, trio.TooSlowError) as error:
        why = error.strerror if isinstance(error, socket.gaierror) else "no answer"
        what = f"the name {origin.host} cannot be resolved ({why})"
        return Diagnosis(what=what, advice=f"{change}; a name of a private network needs its VPN or its DNS server")
    try:
        with trio.fail_after(seconds):
            stream = await trio.open_tcp_stream(origin.host, origin.port)
    except trio.TooSlowError:
        what = f"{who} does not answer within {seconds:g} s: a firewall drops it, or the machine is off"
        return Diagnosis(
            what=what,
            advice=f"{change}; try `curl -v {origin}` where the gateway runs; behind a proxy set {variable}",
        )
    except OSError as error:
        return _refused(error, who, origin, change)
    await trio.aclose_forcefully(stream)
    return None


def _refused(error: OSError, who: str, origin: Origin, change: str) -> Diagnosis:
    cause: BaseException | None = error.__cause__
    while isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    number = cause.errno if isinstance(cause, OSError) and cause.errno else error.errno
    if number in _UNREACHABLE:
        what = f"there is no way to {who}: {os.strerror(number)}"
        return Diagnosis(what=what, advice=f"{change}; look at the network of this machine, and at its VPN")
    why = os.strerror(number) if number else str(error)
    what = f"nothing listens at port {origin.port} of {origin.host} ({why})"
    return Diagnosis(what=what, advice=f"start that server, or {change.replace('mend', 'name its port in', 1)}")


async def _not_dialled(failure: LinkFailed, route: OriginRoute, at: str) -> Diagnosis:
    """Why no connection comes about where something listens."""
    cause: BaseException | None = failure
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        certificate = ShownCertificate() if route.proxy else await shown_certificate(route.origin)
        return untrusted(cause.verify_code, cause.verify_message, certificate, route.origin, at)
    is_plain = cause is not None and (cause.reason or "") in _NO_TLS
    if is_plain or (route.tls is not None and route.proxy is None and await speaks_plain(route.origin)):
        plain = attrs.evolve(route.origin, scheme="http")
        what = f"{route.origin} speaks no TLS: what listens at port {route.origin.port} answers in plain text"
        return Diagnosis(what=what, advice=f"write {at}.url as http://{plain.authority}/…, or name the port of its TLS")
    if route.proxy is not None and "proxy" in failure.reason:
        advice = f"ask who runs the proxy to let {route.origin.authority} through, or name the host in NO_PROXY"
        return Diagnosis(what=failure.reason, advice=advice)
    return Diagnosis(what=failure.reason, advice=f"try `curl -v {route.origin}` where the gateway runs")


def untrusted(code: int, message: str, shown: ShownCertificate, origin: Origin, at: str) -> Diagnosis:
    """What a failed verification means; `code` is OpenSSL's."""
    if code == _EXPIRED:
        what = f"the certificate of {origin} has expired"
        return Diagnosis(what=what, advice="who runs the server has to renew it; is the clock of this machine right?")
    if code == _NOT_YET:
        what = f"the certificate of {origin} is not valid yet"
        return Diagnosis(what=what, advice="set the clock of this machine; else who runs the server has to mend it")
    if code in _WRONG_NAME:
        names = ", ".join(shown.names) or shown.subject
        is_for = f"; it is for {names}" if names else ""
        what = f"the certificate of {origin} is for another name{is_for}"
        return Diagnosis(what=what, advice=f"write one of its names in {at}.url, or mend the certificate")
    if code in _NO_CHAIN:
        by = f" (issued by {shown.issuer})" if shown.issuer else ""
        by = f" (it signed itself, as {shown.subject})" if shown.is_self_signed and shown.subject else by
        what = f"the certificate of {origin} is not trusted{by}: {message}"
        fetched = f"openssl s_client -showcerts -connect {origin.authority} </dev/null"
        return Diagnosis(
            what=what,
            advice=f"write the PEM file of its issuer as {at}.tls: {{ca_file: PATH}}; `{fetched}` shows what it sends",
        )
    return Diagnosis(what=f"the certificate of {origin} is refused: {message}", advice=f"mend it, or {at}.tls.ca_file")


async def speaks_plain(origin: Origin) -> bool:
    """Whether who listens there answers HTTP in plain text."""
    with trio.move_on_after(PLAIN_SECONDS):
        try:
            async with await trio.open_tcp_stream(origin.host, origin.port) as stream:
                await stream.send_all(f"HEAD / HTTP/1.1\r\nhost: {origin.authority}\r\n\r\n".encode())
                return bytes(await stream.receive_some(16)).startswith(b"HTTP/")
        except (OSError, trio.BrokenResourceError):
            return False
    return False


async def plain_to_tls(origin: Origin) -> bool:
    """Whether what listens at an http address speaks TLS."""
    return not origin.is_tls and await speaks_tls(origin)
