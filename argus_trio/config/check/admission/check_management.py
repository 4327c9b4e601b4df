"""Checks `server.management`: the operator's token, and where the management API is served."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from argus_trio.config.check.admission.check_authentication import SHORTEST
from argus_trio.config.check.listen_address import listen_address
from argus_trio.config.check.loopback import is_loopback
from argus_trio.config.model.authentication import ApiKeyMethod, BearerMethod
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import AuthenticationSpec
from argus_trio.config.model.server import Server
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.contract.sockets import AUTO, MOST_PATH_BYTES, socket_folder
from argus_trio.core.access.credential import HASHED, NoCredential, written_digest

_TOKEN: Final[KeyPath] = ("server", "management", "token")
_SOCKET: Final[KeyPath] = ("server", "management", "socket")
_SWITCHES: Final = frozenset({"true", "false", "yes", "no", "on", "off"})
"""What is meant to switch a socket on or off, and would be the name of a file."""
_LISTEN: Final[KeyPath] = ("server", "management", "listen")


def check_management(config: Config, environ: Mapping[str, str], findings: Findings) -> None:
    """Report what makes no sense, or lets in others than is meant. This looks at the folder of the socket.

    The paths of `config` are absolute.
    """
    management = config.server.management
    if management.token is not None:
        _check_token(management.token, config, findings)
    if management.listen is not None:
        _check_listen(management.listen, config, findings)
    if management.socket == AUTO:
        _check_folder(environ, findings)
    elif management.socket is not None:
        _check_socket(management.socket, findings)


def _check_token(token: str, config: Config, findings: Findings) -> None:
    try:
        digest = written_digest(token)
    except NoCredential as error:
        hint = "make a token by `openssl rand -hex 32`, and write it, or sha256: and its digest"
        findings.add(_TOKEN, str(error), hint)
        return
    if digest in _digests(config):
        message = "the same one stands in middleware, for somebody who would be the operator here"
        findings.add(_TOKEN, message, "make one of its own by `openssl rand -hex 32`")
    elif not token.startswith(HASHED) and len(token) < SHORTEST:
        hint = "make one by `openssl rand -hex 32`"
        findings.warn(_TOKEN, f"shorter than {SHORTEST} characters, so that it can be guessed", hint)
    if _is_unprotected(config.server):
        message = "the token would travel unprotected: the management API is reached from elsewhere, without TLS"
        hint = "set server.tls, name the proxy that ends TLS in server.trusted_proxies, or write listen: 127.0.0.1:9001"
        findings.warn(_TOKEN, message, hint)


def _digests(config: Config) -> Iterator[bytes]:
    methods = [method for spec in config.middleware if isinstance(spec, AuthenticationSpec) for method in spec.methods]
    bearers = [each.token for method in methods if isinstance(method, BearerMethod) for each in method.tokens]
    keys = [each.key for method in methods if isinstance(method, ApiKeyMethod) for each in method.keys]
    for written in (*bearers, *keys):
        try:
            yield written_digest(written)
        except NoCredential:  # which is reported where it stands
            continue


def _is_unprotected(server: Server) -> bool:
    if server.tls is not None or server.trusted_proxies:
        return False
    if server.management.listen is None:
        return not is_loopback(server.host)
    try:
        return not is_loopback(listen_address(server.management.listen).host)
    except ValueError:
        return False


def _check_listen(written: str, config: Config, findings: Findings) -> None:
    server = config.server
    try:
        address = listen_address(written)
    except ValueError as error:
        findings.add(_LISTEN, str(error), "leave it out to serve the management API where clients connect")
        return
    if address.port and address.port == server.port and _meet(address.host.lower(), server.host.lower()):
        message = "clients connect there: it is server.host and server.port"
        hint = "write another port, or leave it out to serve both there"
        findings.add(_LISTEN, message, hint, given=(("server", "host"), ("server", "port")))
        return
    is_known = not any(path[:1] == ("middleware",) for path in findings.faulty)  # what was cut out may be what asks
    asks = any(isinstance(spec, AuthenticationSpec) for spec in config.middleware)
    if is_known and not asks and server.management.token is None and not is_loopback(address.host):
        message = "the management API would be reached from elsewhere, and nobody is asked who they are"
        hint = 'write token: "${ARGUS_MGMT_TOKEN}" beside it, or listen: 127.0.0.1:9001'
        findings.add(_LISTEN, message, hint, given=(_TOKEN,))


def _meet(one: str, other: str) -> bool:
    """Whether nobody can listen on the same port of the second host who listens on that of the first."""
    hosts = {"127.0.0.1" if host == "localhost" else host for host in (one, other)}
    return len(hosts) == 1 or "0.0.0.0" in hosts or "::" in hosts  # noqa: S104  # it is compared, not bound


def _check_folder(environ: Mapping[str, str], findings: Findings) -> None:
    if socket_folder(environ) is None:  # which a service manager may set at the start
        message = "neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR names a folder here, and one has to at the start"
        hint = "write a path, or leave it to RuntimeDirectory=argus-trio in the service's unit"
        findings.warn(_SOCKET, message, hint)


def _check_socket(written: str, findings: Findings) -> None:
    path = Path(written)
    if path.name.lower() in _SWITCHES:
        findings.add(_SOCKET, f"expected the path of a socket, found {path.name}", f"write {AUTO}, or leave it out")
        return
    if not path.name or written.endswith("/") or "\0" in written:
        findings.add(_SOCKET, "expected the path of a socket", f"for example /run/argus-trio/argus.sock, or {AUTO}")
        return
    if len(os.fsencode(path)) > MOST_PATH_BYTES:
        message = f"the path of a Unix socket has at most {MOST_PATH_BYTES} bytes"
        findings.add(_SOCKET, message, f"write a shorter one, or {AUTO}")
        return
    try:
        if path.is_dir():
            findings.add(_SOCKET, "there is a folder of this name", f"write {path / 'argus.sock'}")
        elif path.exists() and not path.is_socket():
            findings.add(_SOCKET, "there is a file of this name that is no socket", "write another path")
        elif not path.parent.is_dir():  # which a service manager may make at the start
            message = "its folder is not there now, and has to be when the gateway starts"
            findings.warn(_SOCKET, message, f"make that folder, or write {AUTO}")
        elif not os.access(path.parent, os.W_OK | os.X_OK):
            message = "who checks this may write nothing into its folder, and the gateway has to"
            findings.warn(_SOCKET, message, f"see that the gateway may write there, or write {AUTO}")
    except OSError as error:
        findings.add(_SOCKET, f"cannot be looked at: {error.strerror or type(error).__name__}", "write another path")
