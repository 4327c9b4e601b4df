"""What becomes known of an exchange on its way: written by whoever knows it, read by middleware at the end.

A record is made only where somebody reads it. Whoever writes asks `exchange.record is not None` and assigns; nothing is
called, so that an exchange without a record costs nothing.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

import attrs

from argus_trio.wire.envelope import Params
from argus_trio.wire.headers import Headers
from argus_trio.wire.members import object_member, string_member
from argus_trio.wire.revisions import Era

Cut = Literal["cancelled", "client_gone", "session_ended", "stopped", "expired", "replaced"]
"""Why an exchange ended before its call did: its client took it back; its client, or its session, is gone; the gateway
stops; its client did not come back with what it was asked for; a reload has replaced its backend."""
CUT_BY_CLIENT: Final = frozenset({"cancelled", "client_gone"})

_NAMING: Final = ("name", "uri", "taskId")


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


@attrs.define(eq=False, kw_only=True)
class CallRecord:
    """What is known of one exchange. Of several backends that were asked, the last one counts."""

    backend: str = ""
    """The backend that it went to; empty as long as it went to none."""
    own: str = ""
    """The name or URI by which the backend knows what was called."""
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
    sent: int = 0
    """Bytes of the params that went to the backend."""
    received: int = 0
    """Bytes of the results that came from it."""
    cut: Cut | None = None
    """Why it was ended before its time; None if it was not, or as the gateway's stop ended its task."""
    follow: Follow | None = attrs.field(default=None, repr=False)
    """Who follows the requests to backends, if anybody does."""

    def aim(self, backend: str, transport: str, params: Params) -> None:
        """The exchange goes to this backend, with these params."""
        self.backend, self.transport = backend, transport
        naming = object_member(params, "ref") or params
        self.own = next((value for key in _NAMING if (value := string_member(naming, key)) is not None), "")
