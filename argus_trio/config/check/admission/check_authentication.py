"""Checks what the file says of who comes in: the methods of `type: authentication` and what of `server` they need."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Final

import attrs

from argus_trio.config.check.admission.check_issuer import check_issuers
from argus_trio.config.check.loopback import is_loopback
from argus_trio.config.model.authentication import (
    ApiKey,
    ApiKeyMethod,
    BearerMethod,
    BearerToken,
    HeaderMethod,
    JwtMethod,
)
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import AuthenticationSpec, RbacSpec
from argus_trio.config.model.server import Server
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.core.access.address_guard import is_loopback_host
from argus_trio.core.access.credential import HASHED, NoCredential, written_digest
from argus_trio.core.access.principal import RESERVED_NAMES
from argus_trio.core.access.resource_url import NoUrl, canonical_url
from argus_trio.wire.headers import TOKEN

SHORTEST: Final = 16
"""From how many characters on a credential is long enough not to be guessed, if it was not thought up by a person."""
_LONGEST_NAME: Final = 256
_NOT_FOR_KEYS: Final = frozenset({"authorization", "cookie", "host", "content-type", "content-length", "accept"})
"""The header fields that mean something else already."""


def check_authentication(config: Config, findings: Findings) -> None:
    """Report what makes no sense, or lets in others than is meant."""
    _check_server(config.server, findings)
    places = [(index, spec) for index, spec in enumerate(config.middleware) if isinstance(spec, AuthenticationSpec)]
    for index, _ in places[1:]:
        hint = "write all methods into one; the first whose credential is there decides"
        findings.add(("middleware", index), "authentication stands twice", hint)
    for index, spec in places[:1]:
        place: KeyPath = ("middleware", index)
        _Check(config=config, spec=spec, place=place, findings=findings, roles=_roles(config)).run()
        check_issuers(config, spec, (*place, "methods"), findings)


def _roles(config: Config) -> frozenset[str] | None:
    specs = [spec for spec in config.middleware if isinstance(spec, RbacSpec)]
    return frozenset(role for spec in specs for role in spec.roles) if specs else None


def _check_server(server: Server, findings: Findings) -> None:
    for index, network in enumerate(server.trusted_proxies):
        try:
            ip_network(network, strict=False)
        except ValueError:
            hint = "without a port; for example 10.0.0.0/8, or 127.0.0.1"
            findings.add(("server", "trusted_proxies", index), "expected a network or an IP address", hint)
    if server.public_url is None:
        return
    try:
        url = canonical_url(server.public_url)
    except NoUrl as error:
        findings.add(("server", "public_url"), f"expected a URL: {error}", "for example https://argus.example")
        return
    host = url.partition("://")[2].partition("/")[0].rpartition(":")[0] or url.partition("://")[2]
    if url.startswith("http:") and not is_loopback_host(host.strip("[]")):
        findings.warn(("server", "public_url"), "credentials travel unprotected over http", "write an https URL")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class _Check:
    """The check of one authentication."""

    config: Config
    spec: AuthenticationSpec
    place: KeyPath
    findings: Findings
    roles: frozenset[str] | None
    """The roles that there are; None where there are no rules for any."""
    seen: dict[tuple[str, bytes], KeyPath] = attrs.field(factory=dict, init=False)
    """Where each credential stands, by the header field that brings it and its digest."""

    def run(self) -> None:
        """Report everything."""
        methods = (*self.place, "methods")
        if not self.spec.methods and not self._is_cut(methods):
            self.findings.add(
                methods, "there is no method, so that nobody can come in", "name one, such as type: bearer"
            )
        for index, method in enumerate(self.spec.methods):
            place = (*methods, index)
            match method:
                case BearerMethod():
                    self._credentials(method.tokens, "authorization", (*place, "tokens"))
                    self._unprotected(place)
                case ApiKeyMethod():
                    self._header(method.header, (*place, "header"))
                    self._credentials(method.keys, method.header.lower(), (*place, "keys"))
                case HeaderMethod():
                    self._proxy(method, place)
                case JwtMethod():
                    self._unprotected(place)
        if self.spec.anonymous is not None:
            self._known_roles(self.spec.anonymous.roles, (*self.place, "anonymous", "roles"))

    def _credentials(self, entries: Iterable[BearerToken | ApiKey], field: str, place: KeyPath) -> None:
        key = "token" if field == "authorization" else "key"
        empty = True
        for index, each in enumerate(entries):
            empty = False
            at = (*place, index)
            self._credential(each.token if isinstance(each, BearerToken) else each.key, field, (*at, key))
            self._name(each.principal, (*at, "principal"))
            self._known_roles(each.roles, (*at, "roles"))
        if empty and not self._is_cut(place):
            self.findings.add(place, f"the list is empty: no {key} lets in", "list one, or take the method out")

    def _is_cut(self, place: KeyPath) -> bool:
        """Whether something below was faulty, and is missing because of that."""
        return any(path[: len(place)] == place for path in self.findings.faulty)

    def _credential(self, written: str, field: str, at: KeyPath) -> None:
        try:
            digest = written_digest(written)
        except NoCredential as error:
            hint = 'write sha256: and what `printf %s "$TOKEN" | sha256sum` prints, or the text itself'
            self.findings.add(at, str(error), hint)
            return
        if (other := self.seen.setdefault((field, digest), at)) != at:
            self.findings.add(at, "the same one stands before already", "each stands for one principal", given=(other,))
        elif not written.startswith(HASHED) and len(written) < SHORTEST:
            hint = "make one by `openssl rand -hex 32`"
            self.findings.warn(at, f"shorter than {SHORTEST} characters, so that it can be guessed", hint)

    def _name(self, name: str, at: KeyPath) -> None:
        if name in RESERVED_NAMES:
            self.findings.add(at, f"{name} is a name of the gateway's own", "write another one")
        elif "/" in name:
            hint = "write another one: names with a slash are those of tokens that an issuer has signed"
            self.findings.add(at, "a principal's name holds no slash", hint)
        elif not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or name != name.strip() or "," in name:
            message = f"expected a name of 1 to {_LONGEST_NAME} visible characters, without a comma"
            self.findings.add(at, message, "for example ops")

    def _known_roles(self, roles: Iterable[str], at: KeyPath) -> None:
        for index, role in enumerate(roles):
            if self.roles is not None and role not in self.roles:
                hint = f"the roles are {', '.join(sorted(self.roles))}" if self.roles else "rbac has no roles"
                self.findings.warn((*at, index), f"there is no role {role!r}, so that it allows nothing", hint)

    def _header(self, name: str, at: KeyPath) -> None:
        if not TOKEN.fullmatch(name):
            self.findings.add(at, "expected the name of a header field", "for example X-API-Key")
        elif name.lower() in _NOT_FOR_KEYS:
            hint = "tokens in Authorization are type: bearer" if name.lower() == "authorization" else ""
            self.findings.add(at, f"{name} means something else already", hint)

    def _proxy(self, method: HeaderMethod, place: KeyPath) -> None:
        self._header(method.header, (*place, "header"))
        if method.roles_header is not None:
            self._header(method.roles_header, (*place, "roles_header"))
            if method.roles_header.lower() == method.header.lower():
                self.findings.add((*place, "roles_header"), "it is the field that holds the name", "name another one")
        proxies = ("server", "trusted_proxies")
        if not self.config.server.trusted_proxies:
            hint = "write server.trusted_proxies: [<the network of the proxy that sets it>]"
            self.findings.add((*place, "header"), "nobody's word for it counts: no proxy is trusted", hint)
        for index, network in enumerate(self.config.server.trusted_proxies):
            if network.endswith("/0"):
                message = f"it trusts everybody, who could be anybody by {method.header}"
                self.findings.add((*proxies, index), message, "name the proxies alone")

    def _unprotected(self, place: KeyPath) -> None:
        server = self.config.server
        if is_loopback(server.host) or server.tls is not None or server.trusted_proxies:
            return
        message = "tokens would travel unprotected: it listens beyond loopback, without TLS and without a trusted proxy"
        hint = "set server.tls, or name the proxy that ends TLS in server.trusted_proxies"
        self.findings.warn((*place, "type"), message, hint)
