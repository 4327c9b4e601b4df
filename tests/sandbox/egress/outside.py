"""An outside of the tests: names lead where a test says, and what is dialled is a stream of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import trio

from argus_trio.errors import LinkFailed


@attrs.define(eq=False, kw_only=True)
class Outside:
    """What is looked up and dialled is in `names` and `reached`; the other ends of what was dialled are in `ends`."""

    addresses: Mapping[str, Sequence[str]] = attrs.field(factory=dict)
    takes: Mapping[str, float] = attrs.field(factory=dict)
    """After how long an address answers; without a word at once, and below 0 it refuses."""
    lookup_seconds: float = 0.0
    names: list[tuple[str, int]] = attrs.field(factory=list, init=False)
    reached: list[str] = attrs.field(factory=list, init=False)
    ends: list[trio.SocketStream] = attrs.field(factory=list, init=False)
    own: set[str] = attrs.field(factory=set)

    async def look_up(self, name: str, port: int) -> Sequence[str]:
        self.names.append((name, port))
        await trio.sleep(self.lookup_seconds)
        found = self.addresses.get(name)
        if found is None:
            raise OSError("no such host")
        return found

    async def dial(self, address: str, port: int) -> trio.abc.Stream:
        self.reached.append(f"{address} {port}")
        after = self.takes.get(address, 0.0)
        await trio.sleep(abs(after))
        if after < 0:
            raise LinkFailed(f"{address} refused")
        ours, theirs = map(trio.SocketStream, trio.socket.socketpair())
        self.ends.append(theirs)
        return ours

    def close(self) -> None:
        for each in self.ends:
            each.socket.close()

    def is_own(self, address: str) -> bool:
        return address in self.own
