"""The settings that clients are served by: what a reload can change of the front end, replaced by one assignment."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import attrs

from argus_trio.config.check.certificate import CertificateUnusable, load_certificate
from argus_trio.config.model.server import Server, ServerTls
from argus_trio.core.access.access import OPEN, Access
from argus_trio.errors import ListenFailed
from argus_trio.frontend.http.host_origin import HostOriginCheck
from argus_trio.frontend.http.limits import Limits


@attrs.frozen(kw_only=True)
class ServedSettings:
    """What follows from one configuration's `server`."""

    server: Server
    host_origin: HostOriginCheck
    limits: Limits
    access: Access
    """Who may come in."""
    context: ssl.SSLContext | None
    """For new TLS connections; those that are open keep the one they began with."""

    @classmethod
    def of(cls, server: Server, limits: Limits | None = None, *, access: Access = OPEN) -> ServedSettings:
        """What follows from `server`, with the certificate read; `limits` stand in for the usual ones.

        Raises:
            ListenFailed: the certificate cannot be used.
        """
        return cls(
            server=server,
            host_origin=HostOriginCheck(allowed_hosts=_hosts(server), allowed_origins=server.allowed_origins),
            limits=limits
            or Limits(
                body_bytes=server.max_body_bytes,
                requests=server.limits.requests,
                connections=server.limits.connections,
            ),
            access=access,
            context=None if server.tls is None else _context(server.tls, server),
        )


@attrs.define(eq=False)
class CurrentSettings:
    """The settings that hold now; who serves reads them anew for each connection and each request."""

    now: ServedSettings
    on_renewed: list[Callable[[ServedSettings], object]] = attrs.field(factory=list, init=False)
    """Are told, without a checkpoint, of the settings that hold from now on."""
    _drain: float | None = attrs.field(default=None, init=False)

    @property
    def drain_timeout(self) -> float:
        """What calls in flight get to finish at the stop of the gateway, in seconds."""
        return self.now.server.drain_timeout if self._drain is None else self._drain

    def drain_within(self, seconds: float) -> None:
        """Let calls in flight have so long at the stop, whatever the configuration says."""
        self._drain = seconds

    def renew(self, settings: ServedSettings) -> None:
        """Let `settings` hold from now on. What was begun goes on; what listens stays, with TLS or without as it is."""
        if (settings.context is None) != (self.now.context is None):
            settings = attrs.evolve(settings, context=self.now.context)
        self.now = settings
        for tell in self.on_renewed:
            tell(settings)


def _hosts(server: Server) -> tuple[str, ...]:
    """The hosts that clients may call it by: that of its public URL needs not be listed once more."""
    if server.public_url is None:
        return server.allowed_hosts
    return (*server.allowed_hosts, urlsplit(server.public_url).netloc)


def _context(tls: ServerTls, server: Server) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        load_certificate(context, tls)
    except CertificateUnusable as error:
        reason = f"the certificate {tls.cert_file} with the key {tls.key_file} cannot be used ({error})"
        raise ListenFailed(f"{server.host}:{server.port}", reason, "mend server.tls") from None
    return context
