"""Fetches an issuer's keys: where they are, by its metadata (OpenID Connect Discovery 1.0, RFC 8414), then they."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import attrs

from argus_trio import Value
from argus_trio.core.access.address_guard import AddressGuard, AddressRefused, is_loopback_host
from argus_trio.errors import HttpRefused
from argus_trio.net.http_client import open_http_client
from argus_trio.net.origin import split_url
from argus_trio.pipeline.authentication.jwt_keys import IssuerKeys, KeysUnusable
from argus_trio.pipeline.authentication.token_form import NoToken, json_object

MOST_DOCUMENT_BYTES: Final = 512 * 1024
"""The largest metadata or key set that is read; the largest of big issuers have some tens of KiB."""
_OPENID: Final = "/.well-known/openid-configuration"
_OAUTH: Final = "/.well-known/oauth-authorization-server"


@attrs.frozen(kw_only=True)
class KeyPlace(Value):
    """Where an issuer's keys are."""

    issuer: str
    jwks_uri: str | None = None
    private_network: bool = False

    async def fetch(self) -> IssuerKeys:
        """The keys. Raises `LinkFailed` and `KeysUnusable`."""
        uri = self.jwks_uri or await self._discovered()
        return IssuerKeys.of(await self.document(uri))

    async def _discovered(self) -> str:
        failures: list[str] = []
        for url in metadata_urls(self.issuer):
            try:
                text = await self.document(url)
            except HttpRefused as refused:
                failures.append(f"{urlsplit(url).path}: {refused}")
                continue
            try:
                metadata = json_object(text)
            except NoToken:
                failures.append(f"{urlsplit(url).path}: it is no JSON object")
                continue
            uri, issuer = metadata.get("jwks_uri"), metadata.get("issuer")
            if issuer != self.issuer:  # RFC 8414, 3.3
                raise KeysUnusable(f"its metadata name another issuer: {str(issuer)[:200]!r}")
            if isinstance(uri, str):
                return uri
            failures.append(f"{urlsplit(url).path}: it has no jwks_uri")
        raise KeysUnusable(f"its metadata cannot be had ({'; '.join(failures)})")

    async def document(self, url: str) -> bytes:
        """What is at one of its URLs. Raises `LinkFailed`."""
        guard = self._guard()
        origin, _ = split_url(url)
        if not origin.is_tls and not guard.allows_plain(origin.host):
            raise AddressRefused(f"{origin} is plain http; https is wanted")
        async with open_http_client(url, name=self.issuer, headers={}, guard=guard) as client:
            return await client.document(MOST_DOCUMENT_BYTES)

    def _guard(self) -> AddressGuard:
        written = [url for url in (self.issuer, self.jwks_uri) if url is not None]
        return AddressGuard(
            allows_private=self.private_network,
            allows_loopback=self.private_network
            or any(is_loopback_host(urlsplit(url).hostname or "") for url in written),
        )


def metadata_urls(issuer: str) -> tuple[str, ...]:
    """Where an issuer's metadata may be, the most usual place first."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    places = (f"{path}{_OPENID}", f"{_OAUTH}{path}", f"{_OPENID}{path}")
    return tuple(f"{origin}{each}" for each in dict.fromkeys(places))
