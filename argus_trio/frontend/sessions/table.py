"""The sessions on `/mcp`: who they are, and when they end; sans I/O, `now` is an argument."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import attrs

from argus_trio.errors import Overloaded
from argus_trio.frontend.sessions.event_store import Total
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.frontend.sessions.streams import Streams

MAX_SESSIONS: Final = 10_000
_ID_BYTES: Final = 24


@attrs.define(eq=False, kw_only=True)
class Sessions:
    """All of them, least recently used first. `on_end` is called once for each, at its end."""

    _on_end: Callable[[HttpSession], object]
    _idle: float
    """After how many seconds a session ends whose client is away."""
    _max: int = attrs.field(default=MAX_SESSIONS, alias="max_sessions")
    _sessions: OrderedDict[str, HttpSession] = attrs.field(factory=OrderedDict, init=False)
    _total: Total = attrs.field(factory=Total, init=False)

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, now: float) -> HttpSession:
        """A new session; at the limit the one that has idled longest makes room.

        Raises:
            Overloaded: at the limit, and every session is busy.
        """
        if len(self._sessions) >= self._max:
            self._make_room()
        streams = Streams(self._total)
        session = HttpSession(id=secrets.token_urlsafe(_ID_BYTES), standalone=streams, streams=streams, last_used=now)
        self._sessions[session.id] = session
        return session

    def use(self, session_id: str, now: float) -> HttpSession | None:
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
        self._on_end(session)
        return True

    def end_all(self) -> None:
        """End every session: the gateway has stopped."""
        for session_id in tuple(self._sessions):
            self.end(session_id)

    def expire(self, now: float) -> int:
        """End the sessions whose clients have been away too long, calls and all, and tell how many they were."""
        old = []
        for session in self._sessions.values():
            if now - session.last_used < self._idle:
                break
            old.append(session)
        ended = 0
        for session in old:
            if session.is_attended:
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
