"""The settings that clients are served by: what a reload can change of the front end, replaced by one assignment."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import attrs

from argus_trio import Value
from argus_trio.config.check.certificate import CertificateUnusable, load_certificate
from argus_trio.config.model.server import Server, ServerManagement, ServerTls
from argus_trio.core.access.access import OPEN, Access
from argus_trio.core.access.credential import written_digest
from argus_trio.errors import ListenFailed
from argus_trio.frontend.http.host_origin import HostOriginCheck, origin_of
from argus_trio.frontend.http.limits import Limits


@attrs.frozen(kw_only=True)
class ManagementAccess(Value):
    """How the operator comes in."""

    digest: bytes | None = attrs.field(default=None, repr=False)
    """That of the token; None without one."""
    has_socket: bool = False
    """Whether there is a Unix socket to come by."""

    @classmethod
    def of(cls, management: ServerManagement) -> ManagementAccess:
        """What follows from a configuration that was checked."""
        token = management.token
        return cls(digest=None if token is None else written_digest(token), has_socket=management.socket is not None)

    @property
    def asks(self) -> bool:
        """Whether nobody is answered over TCP who does not say who they are."""
        return self.digest is not None or self.has_socket


@attrs.frozen(kw_only=True)
class ServedSettings(Value):
    """What follows from one configuration's `server`."""

    server: Server
    host_origin: HostOriginCheck
    limits: Limits
    access: Access
    """Who may come in."""
    management: ManagementAccess = ManagementAccess()
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
            management=ManagementAccess.of(server.management),
            context=None if server.tls is None else _context(server.tls, server),
        )

    def is_own_origin(self, origin: bytes, host: bytes) -> bool:
        """Whether a page is the gateway's own: of the origin that a request with this Host goes to, or of its public
        URL, where a proxy makes another one of it."""
        given = origin_of(origin.decode("latin-1"))
        scheme = "http" if self.context is None else "https"
        if given == origin_of(f"{scheme}://{host.decode('latin-1')}"):
            return True
        if self.server.public_url is None:
            return False
        url = urlsplit(self.server.public_url)
        return given == origin_of(f"{url.scheme}://{url.netloc}")


@attrs.define(eq=False, repr=False)
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

    def begin(self, settings: ServedSettings) -> None:
        """Let `settings` hold as what the gateway listens with, once that is known."""
        self.now = settings

    def renew(self, settings: ServedSettings) -> None:
        """Let `settings` hold from now on. What was begun goes on; what listens stays as it is: with TLS or
        without, with a socket for operators or without."""
        if (settings.context is None) != (self.now.context is None):
            settings = attrs.evolve(settings, context=self.now.context)
        management = attrs.evolve(settings.management, has_socket=self.now.management.has_socket)
        settings = attrs.evolve(settings, management=management)
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
