"""Checks what the file says of authorization servers: who they are, and for whom their tokens are. No I/O."""

from __future__ import annotations

from urllib.parse import urlsplit

from argus_trio.config.model.authentication import JwtMethod
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import AuthenticationSpec
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath
from argus_trio.core.access.address_guard import AddressGuard, AddressRefused, is_address, is_loopback_host
from argus_trio.core.access.resource_url import MCP, NoUrl, canonical_url, principal_prefixes


def check_issuers(config: Config, spec: AuthenticationSpec, place: KeyPath, findings: Findings) -> None:
    """Report what is wrong with the methods of `type: jwt`; `place` is where the methods are."""
    methods = [(index, method) for index, method in enumerate(spec.methods) if isinstance(method, JwtMethod)]
    good: dict[str, int] = {}
    for index, method in methods:
        at = (*place, index)
        _check_place(method, at, findings)
        for key in ("audience", "algorithms"):
            if not getattr(method, key):
                findings.add((*at, key), "the list is empty, so that no token lets in", "name one, or take the key out")
        for key in ("principal_claim", "roles_claim"):
            if not getattr(method, key):
                findings.add((*at, key), "expected the name of a claim", "take it out for the usual one")
        if method.issuer in good:
            hint = "write one method for each issuer; audience takes a list"
            findings.add((*at, "issuer"), "the same issuer stands before already, and decides", hint)
        elif not findings.is_faulty((*at, "issuer")):
            good[method.issuer] = index
        _check_audience(config, method, at, findings)
    _check_names(good, place, findings)


def _check_place(method: JwtMethod, at: KeyPath, findings: Findings) -> None:
    for key, url in (("issuer", method.issuer), ("jwks_uri", method.jwks_uri)):
        if url is None:
            continue
        try:
            canonical_url(url.partition("?")[0] if key == "jwks_uri" else url)
        except NoUrl as error:
            findings.add((*at, key), f"expected a URL: {error}", "for example https://idp.example")
            continue
        parts = urlsplit(url)
        host = parts.hostname or ""
        guard = AddressGuard(allows_private=method.private_network, allows_loopback=True)
        if parts.scheme == "http" and not (method.private_network or is_loopback_host(host)):
            hint = "write an https URL, or private_network: true if it is in a network of your own"
            findings.add((*at, key), "expected an https URL: keys that come over http can be anybody's", hint)
        elif is_address(host):
            try:
                guard.check(host, parts.netloc)
            except AddressRefused as refused:
                findings.add((*at, key), str(refused), "write private_network: true if it is in a network of your own")


def _check_audience(config: Config, method: JwtMethod, at: KeyPath, findings: Findings) -> None:
    public_url = config.server.public_url
    if public_url is None:
        hint = "set server.public_url, such as https://argus.example"
        findings.warn(
            (*at, "issuer"), "clients are not told of the issuer: the gateway does not know its own URL", hint
        )
        return
    try:
        resource = canonical_url(public_url) + MCP
    except NoUrl:
        return
    if method.audience and resource not in method.audience:
        message = f"clients ask for tokens for {resource}, which is not among them"
        findings.warn((*at, "audience"), message, f"write audience: {resource}, unless the issuer puts in another one")


def _check_names(issuers: dict[str, int], place: KeyPath, findings: Findings) -> None:
    prefixes = principal_prefixes(issuers)
    for issuer, index in issuers.items():
        for other in issuers:
            if other != issuer and f"{prefixes[issuer]}/".startswith(f"{prefixes[other]}/"):
                message = f"its principals could have the names of those of {other}"
                findings.add((*place, index, "issuer"), message, "an issuer cannot stand below another one")
