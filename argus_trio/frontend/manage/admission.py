"""Who is let in to the management API: by which door a request came, what it is called by, and who asks.

The operator comes by `server.management`, and is that here alone. Everybody else is who they are for MCP.
"""

from __future__ import annotations

import hmac
from math import inf
from typing import Final

import attrs
import structlog
import trio

from argus_trio.config.check.loopback import is_loopback
from argus_trio.core.access.access import Access
from argus_trio.core.access.arrival import Unadmitted
from argus_trio.core.access.credential import bearer_token, credential_digest
from argus_trio.core.access.lock_out import FIRST_HOLD_SECONDS, LockOut
from argus_trio.core.access.principal import ANONYMOUS, OPERATOR_METHOD, Principal, operator
from argus_trio.core.call.payer import network_of
from argus_trio.core.journal import Journal
from argus_trio.frontend.admission import admit, locate
from argus_trio.frontend.http.request import IncomingRequest
from argus_trio.frontend.http.served_settings import CurrentSettings, ManagementAccess, ServedSettings
from argus_trio.frontend.manage.answer import ManageProblem

log = structlog.get_logger()

MOST_HELD: Final = 64
"""How many refusals of wrong tokens are held back at once; beyond that they are answered without delay, for each is a
connection."""
REPORT_SECONDS: Final = 60.0
"""The shortest time between two lines of the log about wrong tokens, and about other users on the socket."""
_SHOWN: Final = 200
"""As much of a wrong header value as the log shows, in characters."""
_AUTHORIZATION: Final = b"authorization"
_CHALLENGE: Final = b'Bearer realm="argus"'
_WRONG: Final = b'Bearer realm="argus", error="invalid_token"'
_OTHERS: Final = frozenset({b"cross-site", b"same-site"})
"""What Sec-Fetch-Site says of a page of another origin; another port of the same host is `same-site`."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Doorkeeper:
    """Judges requests to the management API before their bodies are read."""

    settings: CurrentSettings
    process_user: int
    """The user that this process runs as: on the Unix socket that one is the operator, as root is."""
    journal: Journal = attrs.field(factory=Journal)
    lock_out: LockOut = attrs.field(factory=LockOut)
    _held: int = attrs.field(default=0, init=False)
    _wrong: int = attrs.field(default=0, init=False)
    _told_at: float = attrs.field(default=-inf, init=False)
    _user_told_at: float = attrs.field(default=-inf, init=False)

    def require_own_page(self, http: IncomingRequest, *, is_probe: bool) -> None:
        """Refuse what a browser sends for a page of another origin, and what calls the gateway by another name.

        No browser speaks over the Unix socket, so nothing is asked there. Probes name the address that they connect to:
        their Host is not looked at, and pages of listed origins may probe.

        Raises:
            ManageProblem: it is refused.
        """
        if http.door.peer is not None:
            return
        settings = self.settings.now
        host, origin = http.fields.get(b"host"), http.fields.get(b"origin")
        if is_probe:
            is_good = settings.host_origin.judge_origin(origin) is None
        else:
            if not settings.host_origin.knows_host(host):
                if settings.host_origin.is_new("host", host):
                    shown = (host or b"").decode("latin-1")[:_SHOWN]
                    log.warning("request_turned_away", header="host", value=shown, setting="server.allowed_hosts")
                message = "the Host header is not allowed here; server.allowed_hosts lists what is"
                raise ManageProblem("wrong-host", message)
            is_good = origin is None or settings.is_own_origin(origin, host or b"")
        if not is_good and settings.host_origin.is_new("origin", origin):
            log.warning("request_turned_away", header="origin", value=(origin or b"").decode("latin-1")[:_SHOWN])
        if not is_good or (not is_probe and http.fields.get(b"sec-fetch-site") in _OTHERS):
            raise ManageProblem("wrong-origin", "a web page of another origin may not ask for this")

    async def let_in(self, http: IncomingRequest, access: Access) -> None:
        """Give the request its principal and its client's address.

        Raises:
            ManageProblem: it is turned away, for it says nothing, or something wrong, of who asks.
            Unadmitted: the middleware turns it away.
        """
        if http.door.peer is not None:
            http.principal = self._of_user(http.door.peer)
            return
        management, peer = self.settings.now.management, http.address
        token = bearer_token(http.fields.get(_AUTHORIZATION, b"")) or None
        is_from_proxy = locate(http, access)
        if token is not None and management.digest is not None:
            digest = credential_digest(token)
            if hmac.compare_digest(digest, management.digest):
                http.principal = operator(digest)
                return
        try:
            await admit(http, access, is_from_proxy=is_from_proxy)
        except Unadmitted as unadmitted:
            if token is not None and unadmitted.error == "unauthorized":  # nobody there reads tokens
                await self._hold(http)
            raise
        if http.principal.name != ANONYMOUS.name:
            return
        if management.asks:
            raise await self._unknown(http, management, is_wrong=token is not None)
        # The loopback that a proxy elsewhere tells of is its own.
        if not access.authenticates and not (_is_here(peer) and _is_here(http.address)):
            raise ManageProblem(
                "forbidden",
                "nobody is asked who they are, so the management API answers on loopback alone; set "
                "server.management.token, or ask who comes: middleware: [{type: authentication, ...}]",
            )

    def _of_user(self, peer: int) -> Principal:
        if peer in (self.process_user, 0):
            return operator()
        now = trio.current_time()
        if now - self._user_told_at >= REPORT_SECONDS:
            log.warning("management_socket_refused", user=peer)
            self._user_told_at = now
        raise ManageProblem("forbidden", "this socket is for the user that runs the gateway, and for root")

    async def _unknown(self, http: IncomingRequest, management: ManagementAccess, *, is_wrong: bool) -> ManageProblem:
        ways = ["Authorization: Bearer TOKEN"] if management.digest is not None else []
        ways += ["the Unix socket of the gateway"] if management.has_socket else []
        if not is_wrong or management.digest is None:
            detail = f"credentials are needed here: {' or '.join(ways)}"
            return ManageProblem("unauthorized", detail, headers=((b"www-authenticate", _CHALLENGE),))
        await self._hold(http)
        return ManageProblem("unauthorized", "the token is not valid", headers=((b"www-authenticate", _WRONG),))

    async def _hold(self, http: IncomingRequest) -> None:
        """Take note of a wrong token, and hold its refusal back where its address has brought many."""
        now = trio.current_time()
        self._wrong += 1
        if now - self._told_at >= REPORT_SECONDS:
            reason, path = "no token of the operator", http.path[:_SHOWN]
            log.warning("credentials_refused", reason=reason, count=self._wrong, address=http.address, path=path)
            said = f"{self._wrong} tokens were refused that are not the operator's"
            details = {"reason": reason, "count": self._wrong, "address": http.address, "path": path}
            self.journal.note("credentials_refused", said, severity="warning", details=details)
            self._told_at, self._wrong = now, 0
        network = network_of(http.address)
        seconds = self.lock_out.note(network, now)
        if seconds == FIRST_HOLD_SECONDS:
            said = f"{network or 'a client'} brings wrong tokens again and again: its refusals are held back"
            self.journal.note("locked_out", said, severity="warning", details={"address": network})
        if seconds and self._held < MOST_HELD:
            self._held += 1
            try:
                await trio.sleep(seconds)
            finally:
                self._held -= 1


def may_stream_on(request: IncomingRequest, settings: ServedSettings) -> bool:
    """Whether who was let in to the management API could come in still: what others opened ends at a reload."""
    management, principal = settings.management, request.principal
    if principal.method == OPERATOR_METHOD:
        return request.door.peer is not None or principal.credential == management.digest
    if principal.name == ANONYMOUS.name and management.asks:
        return False
    return settings.access.stands(principal)


def _is_here(address: str) -> bool:
    """Whether what has this address is on this machine. A socket of both families shows one of IPv4 as one of IPv6."""
    return not address or is_loopback(address.removeprefix("::ffff:"))
