"""Who is let in: each request gets its principal and the address of its client, or is turned away unread."""

from __future__ import annotations

from typing import Final

from argus_trio.core.access.access import Access
from argus_trio.core.access.arrival import RequestArrival, Unadmitted
from argus_trio.frontend.http.request import JSON, Header, IncomingRequest, refusal, retry_after

_FORWARDED_FOR: Final = b"x-forwarded-for"


async def is_admitted(http: IncomingRequest, access: Access) -> bool:
    """Whether the request is let in; it then has its principal and its client's address. Else it has been answered."""
    try:
        await admit(http, access, is_from_proxy=locate(http, access))
    except Unadmitted as unadmitted:
        await refuse(http, unadmitted)
        return False
    return True


def locate(http: IncomingRequest, access: Access) -> bool:
    """Give the request its client's address; whether a trusted proxy has sent it."""
    peer, proxies = http.address, access.trusted_proxies
    is_from_proxy = proxies.trusts(peer)
    if is_from_proxy:
        http.address = proxies.client(peer, http.fields.get(_FORWARDED_FOR, b"").decode("latin-1"))
    return is_from_proxy


async def admit(http: IncomingRequest, access: Access, *, is_from_proxy: bool) -> None:
    """Give the request, whose client is located, its principal.

    Raises:
        Unadmitted: it is turned away.
    """
    if access.admit is None:
        return
    path = http.path.removesuffix("/") or "/"
    arrival = RequestArrival(path=path, address=http.address, is_from_proxy=is_from_proxy, fields=http.fields)
    http.principal = await access.admit(arrival)


async def refuse(http: IncomingRequest, unadmitted: Unadmitted) -> None:
    """Answer a request that is turned away."""
    headers = (JSON, *headers_of(unadmitted))
    await http.answer_unread(unadmitted.status, refusal(unadmitted.error, unadmitted.message), headers)


def headers_of(unadmitted: Unadmitted) -> list[Header]:
    """What says how to come in, and when."""
    headers: list[Header] = []
    if unadmitted.challenge is not None:
        headers.append((b"www-authenticate", unadmitted.challenge.encode("latin-1", "replace")))
    if unadmitted.retry_after is not None:
        headers.append(retry_after(unadmitted.retry_after))
    return headers
