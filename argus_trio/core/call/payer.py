"""On whose share it counts what a call takes of something scarce, and how large a share may be. Pure.

A share is no reservation: nothing is kept for anybody who is not there. It is what one client leaves to the others.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv6Address
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.access.principal import ANONYMOUS
from argus_trio.core.call.exchange import Call

TAKEN_OF_FREE: Final = 3
"""How many times as much as is free for others all clients of one account may hold together: three quarters of it."""


@attrs.frozen(kw_only=True)
class Payer(Value):
    """Who pays for what a call takes. Two that are equal are one client."""

    account: object
    """The principal; where nobody is known, the address; where that is not known either, the legacy session, if any."""
    client: object
    """The legacy session: behind a reverse proxy many clients have one address. The account for modern calls."""

    @classmethod
    def alone(cls, client: object) -> Payer:
        """One of whom nothing else is known."""
        return cls(account=client, client=client)


def payer_of(call: Call) -> Payer:
    """Who pays for what the call takes."""
    account: object = call.principal.name
    if account == ANONYMOUS.name:
        account = network_of(call.address) or call.client or account
    return Payer(account=account, client=call.client or account)


def may_take(payer: Payer, taken: Collection[Payer], most: int) -> bool:
    """Whether `payer` may take one more of `most` places, of which each of `taken` pays for one.

    A client holds no more than it leaves free, half of all at first; all clients of an account leave a quarter, and
    never take the last one. One that is all of its account, while nobody else holds any, goes on as long as another
    client of its account would find room beside it. A client's first place counts by what is free before it, so that
    this one still finds room when somebody else came first. Whoever holds none finds room while there is any.
    """
    free = most - len(taken)
    of_client = sum(each == payer for each in taken)
    of_account = sum(each.account == payer.account for each in taken)
    is_alone = of_client == len(taken) and payer.client == payer.account
    has_share = of_client < free or (is_alone and of_client + 1 < TAKEN_OF_FREE * (free - 2))
    is_first_of_client = not of_client and free > 1
    return has_share and (not of_account or of_account < TAKEN_OF_FREE * (free if is_first_of_client else free - 1))


def network_of(address: str) -> str:
    """The part of an address that one client cannot choose freely: of IPv6 the network of 64 bits."""
    if ":" not in address:
        return address
    try:
        whole = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(whole.ipv4_mapped or IPv6Address(int(whole) >> 64 << 64))
