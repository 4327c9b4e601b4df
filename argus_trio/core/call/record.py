"""What becomes known of an exchange on its way: written by whoever knows it, read while it lasts and at its end.

The outermost link of the pipeline gives each exchange its record. Whoever writes asks `exchange.record is not None`,
for what passes no pipeline has none, and assigns; nothing is called.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

import msgspec

from argus_trio.per_call import PerCall
from argus_trio.wire.envelope import Params
from argus_trio.wire.headers import Headers
from argus_trio.wire.members import object_member, string_member
from argus_trio.wire.revisions import Era

Cut = Literal["cancelled", "client_gone", "session_ended", "stopped", "expired", "replaced", "operator"]
"""Why an exchange ended before its call did: its client took it back; its client, or its session, is gone; the gateway
stops; its client did not come back with what it was asked for; a reload has replaced its backend; an operator, or whose
it is, cancelled it by the management API."""
CUT_BY_CLIENT: Final = frozenset({"cancelled", "client_gone"})

Wait = Literal["pipeline", "listing", "backend start", "place", "connection", "backend", "client"]
"""What an exchange waits for: the middleware; the lists that say whose a name is; its backend, which has not started;
a place there; a connection that it may use; the answer of its backend; its client, who was asked something."""

_NAMING: Final = ("name", "uri", "taskId")


class CancelScope(Protocol):
    """What an exchange is served in."""

    deadline: float

    def cancel(self) -> None: ...


class FollowedRequest(Protocol):
    """One request to a backend that somebody follows."""

    @property
    def params(self) -> Params:
        """What to send in place of its params."""

    @property
    def headers(self) -> Headers:
        """What to send beside its headers."""

    def end(self, result: bytes | None, error: BaseException | None) -> None:
        """It has ended, with one of the two."""


class Follow(Protocol):
    """Follows the requests to backends that an exchange comes to."""

    def __call__(self, record: CallRecord, params: Params) -> FollowedRequest:
        """One is about to be sent, with these params."""


class CallRecord(PerCall, kw_only=True):
    """What is known of one exchange. Of several backends that were asked, the last one counts."""

    id: str = ""
    """The id of the exchange, `<instance>-<n>`; empty where it is in no registry."""
    waits_for: Wait = "pipeline"
    """What it waits for now."""
    name: str = ""
    """The name of the tool or prompt that it asks for, as its client knows it; empty as long as none was found."""
    backend: str = ""
    """The backend that it went to; empty as long as it went to none."""
    transport: str = ""
    """The transport of the backend's side, by its type in the file."""
    era: Era | None = None
    """The era of the backend's side, once a request was sent there."""
    revision: str = ""
    """The revision that the backend speaks."""
    waited: float = 0.0
    """Seconds that it waited for its place at the backend."""
    asks: int = 0
    """How often its client was asked something meanwhile."""
    retries: int = 0
    """How often it was sent again after the backend had forgotten a session."""
    cut: Cut | None = None
    """Why it was ended before its time; None if it was not, or as the gateway's stop ended its task."""
    params: Params = msgspec.field(default_factory=dict)
    """The params that went to the backend."""
    scope: CancelScope | None = None
    """The scope in which it is served; whoever cancels it says in `cut` why. None where it is in no registry."""
    follow: Follow | None = None
    """Who follows the requests to backends, if anybody does."""

    @property
    def own(self) -> str:
        """The name or URI by which the backend knows what was called; empty as long as it went to none."""
        return named_in(self.params)


def named_in(params: Params) -> str:
    """The name, URI or task that params name; empty where they name none."""
    naming = params if "ref" not in params else object_member(params, "ref") or params
    return next((value for key in _NAMING if (value := string_member(naming, key)) is not None), "")
