"""The legacy sessions: who they are, what runs in them, and when they end; sans I/O, `now` is an argument."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Final, Protocol

import attrs

from argus_trio.errors import InvalidRequest, Overloaded
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import LEGACY_REVISIONS

MAX_SESSIONS: Final = 10_000
IDLE_S: Final = 1800.0
"""After this long without a request, a call in flight or an open stream a session ends."""
_ID_BYTES: Final = 24


class Cancellable(Protocol):
    """A call in flight, as far as a session is concerned."""

    def cancel(self) -> None: ...


class Closable(Protocol):
    """A session's own stream, as far as the session is concerned."""

    def close(self) -> None: ...


@attrs.define(eq=False)
class Session:
    """One legacy client's session. Call ids are raw JSON, as the client wrote them."""

    id: str
    revision: str = LEGACY_REVISIONS[0]
    capabilities: Params = attrs.field(factory=dict)
    client: str = ""
    last_used: float = 0.0
    calls: dict[bytes, Cancellable] = attrs.field(factory=dict)
    stream: Closable | None = None
    """The one stream for what belongs to no request; a new one takes the place of an old one."""

    @property
    def is_busy(self) -> bool:
        """Whether something is under way that idling must not end."""
        return bool(self.calls) or self.stream is not None

    def begin(self, message_id: bytes, call: Cancellable) -> None:
        """Enter a call.

        Raises:
            InvalidRequest: a call with this id is in flight; ids must not be used twice (2025-11-25, Requests).
        """
        if message_id in self.calls:
            raise InvalidRequest(f"the id {message_id.decode()} is in use by a call in flight")
        self.calls[message_id] = call

    def cancel(self, message_id: bytes) -> bool:
        """Cancel that call; False if none is in flight under this id."""
        call = self.calls.get(message_id)
        if call is None:
            return False
        call.cancel()
        return True

    def end(self) -> None:
        """Cancel every call and close the stream."""
        for call in self.calls.values():
            call.cancel()
        if self.stream is not None:
            self.stream.close()


class Sessions:
    """All of them, least recently used first."""

    def __init__(self, *, max_sessions: int = MAX_SESSIONS, idle: float = IDLE_S) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._max = max_sessions
        self._idle = idle

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, now: float) -> Session:
        """A new session; at the limit the one that has idled longest makes room.

        Raises:
            Overloaded: at the limit, and every session is busy.
        """
        if len(self._sessions) >= self._max:
            self._make_room()
        session = Session(id=secrets.token_urlsafe(_ID_BYTES), last_used=now)
        self._sessions[session.id] = session
        return session

    def use(self, session_id: str, now: float) -> Session | None:
        """The session with this id, its idle time begun anew; None if there is none."""
        session = self._sessions.get(session_id)
        if session is not None:
            session.last_used = now
            self._sessions.move_to_end(session_id)
        return session

    def end(self, session_id: str) -> bool:
        """End one session at its client's wish; False if there is none with this id."""
        session = self._sessions.pop(session_id, None)
        if session is None:
            return False
        session.end()
        return True

    def expire(self, now: float) -> int:
        """End the sessions that have idled too long, and tell how many they were."""
        old = []
        for session in self._sessions.values():
            if now - session.last_used < self._idle:
                break
            old.append(session)
        ended = 0
        for session in old:
            if session.is_busy:
                self.use(session.id, now)
            else:
                self.end(session.id)
                ended += 1
        return ended

    def _make_room(self) -> None:
        for session in self._sessions.values():
            if not session.is_busy:
                self.end(session.id)
                return
        raise Overloaded(f"{self._max} sessions are open, and all of them are busy")
