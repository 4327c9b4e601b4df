"""From a name to a connection: looked up here, guarded before anything is dialled, and dialled by that very address.

What leaves the machine goes by the proxy that the gateway's own environment names. A proxy looks names up by itself:
what can be looked up here is guarded all the same, and what cannot is the proxy's to judge.
"""

from __future__ import annotations

import math
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import chain, zip_longest
from types import MappingProxyType
from typing import Final

import attrs
import trio

from argus_trio.core.access.address_guard import AddressGuard, AddressRefused
from argus_trio.core.egress.reasons import EgressReason
from argus_trio.errors import LinkFailed
from argus_trio.net.dial import OriginRoute, client_tls, dial
from argus_trio.net.origin import Origin
from argus_trio.net.proxies import Proxy, proxy_for
from argus_trio.sandbox.egress.decision import AS_MEANT, PUBLIC_ONLY, THIS_MACHINE, EgressAllowed

LOOKUP_SECONDS: Final = 10.0
"""The deadline of a name's lookup: two tries of a resolver that takes 5 s each."""
MOST_LOOKUPS: Final = 8
"""How many names of one container are looked up at once. Each has a thread that cannot be interrupted, so these are not
taken from those that the rest of the gateway shares; more names wait within their deadline."""
DIAL_SECONDS: Final = 10.0
"""The deadline of a connection, all its addresses together: TCP's first three attempts (0, 1, 3 s) are within it."""
NEXT_ADDRESS_SECONDS: Final = 0.25
"""After how long the next address is tried besides those before it (RFC 8305, section 5)."""
MOST_ADDRESSES: Final = 8
"""How many addresses of one name are tried."""

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a name and port. Raises OSError where there is none."""
DialAddress = Callable[[str, int], Awaitable[trio.abc.Stream]]
"""A connection to an address and port. Raises LinkFailed."""


class NotReached(Exception):
    """No connection: refused for its addresses, or it led nowhere."""

    def __init__(self, reason: EgressReason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        """What exactly, for the log."""


async def dial_address(address: str, port: int) -> trio.abc.Stream:
    """Connect to exactly that address."""
    stream, _ = await dial(OriginRoute(origin=Origin(scheme="http", host=address, port=port)))
    return stream


_NOBODYS: Final = {socket.AF_INET: "240.0.0.1", socket.AF_INET6: "100::1"}
"""Addresses that no machine has: where even they can be listened on, that tells nothing."""


def is_own_address(address: str) -> bool:
    """Whether an address is one of this machine's, whatever its interface: what is sent there would come from there.

    Only a first address is chosen as the source of what is sent to it; what can be listened on is own as well.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))  # only chooses a route: nothing is sent
            if probe.getsockname()[0] == address:
                return True
    except OSError:
        pass  # there is no route to it, which does not keep it from being own
    return _can_be_listened_on(family, address) and not _can_be_listened_on(family, _NOBODYS[family])


def _can_be_listened_on(family: socket.AddressFamily, address: str) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


@attrs.define(eq=False, repr=False)
class SystemLookUp:
    """Lookups by the system, in few threads of their own."""

    _limiter: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(MOST_LOOKUPS), init=False)

    async def __call__(self, name: str, port: int) -> Sequence[str]:
        """See `LookUp`."""

        def look_up() -> list[str]:
            found = socket.getaddrinfo(name.encode("ascii"), port, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(each[4][0]) for each in found))

        return await trio.to_thread.run_sync(look_up, abandon_on_cancel=True, limiter=self._limiter)


@attrs.define(eq=False, repr=False, kw_only=True)
class Outward:
    """The ways out of one container."""

    environ: Mapping[str, str] = MappingProxyType({})
    """The gateway's own environment: which proxy there is."""
    look_up: LookUp = attrs.field(factory=SystemLookUp)
    dial: DialAddress = dial_address
    is_own: Callable[[str], bool] = is_own_address
    _proxy_tls: ssl.SSLContext | None = attrs.field(default=None, init=False)
    """How a proxy under TLS is verified, once one was needed."""

    async def open(self, allowed: EgressAllowed, port: int) -> trio.abc.Stream:
        """A connection to what is allowed.

        Raises:
            NotReached: none of its addresses may be dialled, or nobody answers at those that may be.
        """
        found, why_none = await self._looked_up(allowed.host, port)
        fine, reason = self._judged(found, allowed)
        proxy = None if allowed.host == THIS_MACHINE else self._proxy(allowed, port, found)
        if reason is not None and (proxy is not None or not fine):
            raise NotReached(reason)  # a proxy may choose any of its addresses
        if proxy is not None:
            return await self._through(proxy, allowed.host, port)
        if not fine:
            raise NotReached("not_found", why_none)
        return await self._first_of(fine[:MOST_ADDRESSES], port)

    async def _looked_up(self, name: str, port: int) -> tuple[Sequence[str], str]:
        """Its addresses, or why there are none."""
        if name == THIS_MACHINE:
            return ("127.0.0.1", "::1"), ""
        with trio.move_on_after(LOOKUP_SECONDS):
            try:
                return await self.look_up(name, port), "the answer is empty"
            except OSError as error:
                return (), error.strerror or str(error)
        return (), f"the resolver did not answer within {LOOKUP_SECONDS:g} s"

    def _judged(self, addresses: Sequence[str], allowed: EgressAllowed) -> tuple[Sequence[str], EgressReason | None]:
        """The addresses that may be dialled, and why others may not be."""
        fine: list[str] = []
        reason: EgressReason | None = None
        for address in addresses:
            if (why := self._why_not(address, allowed.guard)) is None:
                fine.append(address)
            elif reason != "not_public":
                reason = why
        return _families_mixed(fine), reason

    def _why_not(self, address: str, guard: AddressGuard) -> EgressReason | None:
        try:
            AS_MEANT.check(address, "")
            guard.check(address, "")
        except AddressRefused:
            return "never_dialled" if _is_refused(AS_MEANT, address) else "not_public"
        return "this_machine" if guard is PUBLIC_ONLY and self.is_own(address) else None

    def _proxy(self, allowed: EgressAllowed, port: int, found: Sequence[str]) -> Proxy | None:
        """The proxy on the way; none to a service that is known to be near, or to the proxy itself."""
        if allowed.by == "service" and any(_is_refused(PUBLIC_ONLY, address) for address in found):
            return None
        origin = Origin(scheme="http" if port == 80 else "https", host=allowed.host, port=port)
        try:
            proxy = proxy_for(origin, self.environ)
        except LinkFailed as failure:
            raise NotReached("not_reached", failure.reason) from None
        is_itself = proxy is not None and (proxy.origin.host, proxy.origin.port) == (allowed.host, port)
        return None if is_itself else proxy

    async def _through(self, proxy: Proxy, host: str, port: int) -> trio.abc.Stream:
        """A tunnel of the proxy's."""
        with trio.move_on_after(DIAL_SECONDS):
            try:
                tls = None
                if proxy.origin.is_tls:
                    tls = self._proxy_tls = self._proxy_tls or await client_tls(None)
                origin = Origin(scheme="https", host=host, port=port)  # so that it is asked for a tunnel
                stream, _ = await dial(OriginRoute(origin=origin, proxy=proxy, proxy_tls=tls))
            except LinkFailed as failure:
                raise NotReached("not_reached", failure.reason) from None
            return stream
        raise NotReached("not_reached", f"the proxy {proxy.origin} did not answer within {DIAL_SECONDS:g} s")

    async def _first_of(self, addresses: Sequence[str], port: int) -> trio.abc.Stream:
        """A connection to whichever takes it first; each next one is tried when those before it take long or fail."""
        opened: list[trio.abc.Stream] = []
        failures: list[str] = []

        async def attempt(address: str, failed: trio.Event) -> None:
            try:
                stream = await self.dial(address, port)
            except LinkFailed as failure:
                failures.append(failure.reason)
                failed.set()
                return
            if opened:
                await trio.aclose_forcefully(stream)
                return
            opened.append(stream)
            nursery.cancel_scope.cancel()

        try:
            with trio.move_on_after(DIAL_SECONDS):
                async with trio.open_nursery() as nursery:
                    for number, address in enumerate(addresses, 1):
                        failed = trio.Event()
                        nursery.start_soon(attempt, address, failed)
                        with trio.move_on_after(NEXT_ADDRESS_SECONDS if number < len(addresses) else math.inf):
                            await failed.wait()
        except BaseException:
            for stream in opened:
                await trio.aclose_forcefully(stream)
            raise
        if not opened:
            raise NotReached("not_reached", failures[0] if failures else f"nobody answered within {DIAL_SECONDS:g} s")
        return opened[0]


def _is_refused(guard: AddressGuard, address: str) -> bool:
    try:
        guard.check(address, "")
    except AddressRefused:
        return True
    return False


def _families_mixed(addresses: Sequence[str]) -> Sequence[str]:
    """IPv6 and IPv4 in turn, beginning as they come: where one of them leads nowhere, the other is tried soon."""
    first = [each for each in addresses if (":" in each) == (":" in addresses[0])]
    rest = [each for each in addresses if each not in first]
    pairs = zip_longest(first, rest)
    return [each for each in chain.from_iterable(pairs) if each is not None]
