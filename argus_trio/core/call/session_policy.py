"""Who may use which connection to a backend: the one that clients share, or one that belongs to a single client. Pure.

A legacy backend asks, and logs, on its connection, not within a call. So a client that can be asked has a connection of
its own there, greeted with exactly its abilities; a client that asked for log messages has one wherever the transport
does not say whose call a message belongs to. What a legacy backend lists may depend on its client's abilities too. One
that neither lists anything else to clients with roots nor asks for them needs no connection of its own for those.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol, TypeVar

import attrs

from argus_trio import Value
from argus_trio.core.call.abilities import Abilities
from argus_trio.core.call.exchange import Call, ClientSession
from argus_trio.core.call.payer import Payer, payer_of
from argus_trio.wire.revisions import Era

SessionSetting = Literal["auto", "shared", "per-client"]
"""The setting `session` of a backend."""

TASK_METHODS = "tasks/"
"""What the methods begin with that ask of a task."""


@attrs.frozen(kw_only=True)
class Sharing(Value):
    """What of a backend decides whether its clients share a connection."""

    setting: SessionSetting
    is_legacy: bool
    """Whether it converses in the legacy era, as far as is known."""
    assigns_logs: bool
    """Whether its transport says which call a log message belongs to: Streamable HTTP does, by the stream."""
    may_be_legacy: bool = False
    """Whether it converses in the modern era, and may do so in the legacy era too: nothing says that it does not."""
    lacks_way_back: bool = False
    """Whether it has turned out that in the modern era it fails to ask, as only legacy servers do."""

    def separates(self, call: Call, *, ignores_roots: bool = False, has_own: bool = False) -> bool:
        """Whether the call has to go over a connection of its client's.

        What is asked of a task goes to where the task is, whatever level of log messages its client wants. A backend
        that `ignores_roots` needs no connection for a client that has nothing else to be asked for, unless the client
        `has_own` already: what its earlier calls did to the backend's process is only there.
        """
        if self.setting != "auto":
            return self.setting == "per-client"
        abilities = call.abilities
        if abilities.has_any and (has_own or not (ignores_roots and abilities.are_roots_alone)):
            is_asked_apart = self.is_legacy or self.opens_as_legacy(abilities, is_asked_live=call.era is Era.LEGACY)
            if is_asked_apart:
                return True
        return call.log_level is not None and not self.assigns_logs and not call.method.startswith(TASK_METHODS)

    def opens_as_legacy(self, abilities: Abilities, *, is_asked_live: bool) -> bool:
        """Whether a connection for a client with `abilities` begins with `initialize` though the shared one is modern.

        The way a client opens decides the era of a server of both (2026-07-28, Versioning): so for one that `is_asked`
        `_live`, as legacy clients are, and for every one where the server has no other way to ask.
        """
        return self.may_be_legacy and abilities.has_any and (is_asked_live or self.lacks_way_back)

    def lists_by(self, abilities: Abilities) -> bool:
        """Whether what the backend shows may depend on these abilities of a client."""
        return self.is_legacy and self.setting != "shared" and abilities.has_any


@attrs.frozen(kw_only=True)
class ConnectionOwner(Value):
    """Whose a connection is: a legacy session's, that of a kind of modern clients, or nobody's yet.

    A legacy session has one for all its calls. Modern clients have no sessions: one is lent to one call at a time, of
    any client with the same principal and the same abilities.
    """

    key: object
    """The session, or principal and abilities; compared by `==`. `NOBODY` as long as no client has used it."""
    abilities: Abilities
    """What the backend was told at the handshake that the client can be asked."""
    client: ClientSession | None = None
    speaks_legacy: bool = attrs.field(default=False, eq=False)
    """Whether it opens as legacy clients do, though it has no session: a call by the management API."""
    payer: Payer = attrs.field(eq=False)
    """On whose share of the connections it counts."""

    @property
    def is_asked_live(self) -> bool:
        """Whether its client is asked while its call waits, as legacy ones are."""
        return self.client is not None or self.speaks_legacy

    @payer.default
    def _alone(self) -> Payer:
        return Payer.alone(self.key)

    @classmethod
    def of(cls, call: Call) -> ConnectionOwner:
        """The owner that a connection needs to have to carry the call."""
        if call.client is not None:
            return cls(key=call.client, abilities=call.abilities, client=call.client, payer=payer_of(call))
        return cls(
            key=(call.principal.name, call.abilities),
            abilities=call.abilities,
            speaks_legacy=call.era is Era.LEGACY,
            payer=payer_of(call),
        )

    @classmethod
    def nobody(cls, abilities: Abilities) -> ConnectionOwner:
        """The owner of a connection that is opened to see what clients with these abilities are shown."""
        return cls(key=NOBODY, abilities=abilities)

    def may_ask_of_tasks(self, call: Call) -> bool:
        """Whether tasks that this owner began are the call's client's: its session's, or else its principal's."""
        if call.client is not None:
            return self.client is call.client
        return isinstance(self.key, tuple) and self.key[0] == call.principal.name


NOBODY = object()


class Ownable(Protocol):
    """A connection, open or about to be, as far as is needed to choose one."""

    owner: ConnectionOwner

    @property
    def is_usable(self) -> bool:
        """Whether it has not been lost or closed."""

    @property
    def is_idle(self) -> bool:
        """Whether nobody uses it."""


C = TypeVar("C", bound=Ownable)


def chosen(wanted: ConnectionOwner, connections: Iterable[C]) -> C | None:
    """The connection to use for `wanted` of these, the one used last coming first; None if another is to be opened.

    The session's own, in use or not; for a modern client an idle one of its kind; else an idle one that is nobody's.
    """
    fitting = [each for each in connections if each.owner.abilities == wanted.abilities and each.is_usable]
    for each in fitting:
        if each.owner.key == wanted.key and (wanted.client is not None or each.is_idle):
            return each
    return next((each for each in fitting if each.owner.key is NOBODY and each.is_idle), None)
