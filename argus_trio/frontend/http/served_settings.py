"""The terms on which clients are served: what a reload can change of the front end, replaced by one assignment."""

from __future__ import annotations

import ssl

import attrs

from argus_trio.config.check.certificate import CertificateUnusable, load_certificate
from argus_trio.config.model.server import Server, ServerTls
from argus_trio.errors import ListenFailed
from argus_trio.frontend.http.host_origin import HostOriginCheck
from argus_trio.frontend.http.limits import Limits


@attrs.frozen(kw_only=True)
class ServedSettings:
    """What follows from one configuration's `server`."""

    settings: Server
    host_origin: HostOriginCheck
    limits: Limits
    context: ssl.SSLContext | None
    """For new TLS connections; those that are open keep the one they began with."""

    @classmethod
    def of(cls, settings: Server, limits: Limits | None = None) -> ServedSettings:
        """The terms of `settings`, the certificate read; `limits` stand in for the usual ones.

        Raises:
            ListenFailed: the certificate cannot be used.
        """
        return cls(
            settings=settings,
            host_origin=HostOriginCheck(allowed_hosts=settings.allowed_hosts, allowed_origins=settings.allowed_origins),
            limits=limits or Limits(body_bytes=settings.max_body_bytes),
            context=None if settings.tls is None else _context(settings.tls, settings),
        )


@attrs.define(eq=False)
class CurrentSettings:
    """The terms that hold now; who serves reads them anew for each connection and each request."""

    now: ServedSettings

    def renew(self, terms: ServedSettings) -> None:
        """Let `terms` hold from now on. What was begun goes on; what listens stays, with TLS or without as it is."""
        if (terms.context is None) != (self.now.context is None):
            terms = attrs.evolve(terms, context=self.now.context)
        self.now = terms


def _context(tls: ServerTls, settings: Server) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        load_certificate(context, tls)
    except CertificateUnusable as error:
        reason = f"the certificate {tls.cert_file} with the key {tls.key_file} cannot be used ({error})"
        raise ListenFailed(f"{settings.host}:{settings.port}", reason, "mend server.tls") from None
    return context
