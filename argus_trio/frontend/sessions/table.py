"""The sessions on `/mcp`: who they are, and when they end; sans I/O, `now` is an argument.

At the limit a new session takes the place of one of its own kind: of one that was never used after `initialize`, first
of the same address, else of the address with most of them; only then of one that has been used. So a flood of
`initialize` meets itself.
"""

from __future__ import annotations

import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

import attrs
import structlog

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.call.abilities import Audience
from argus_trio.core.memory import Memory
from argus_trio.errors import Overloaded
from argus_trio.frontend.sessions.session import HttpSession, SessionEnd
from argus_trio.frontend.sessions.streams import Streams

log = structlog.get_logger()

MAX_SESSIONS: Final = 10_000
SESSION_BYTES: Final = 4096
"""What a session holds before it is used, about, besides what its client declared."""
UNUSED_BYTES: Final = 48 * 1024 * 1024
"""What those hold together that were never used: as many as there may be, if they declare little."""
ABANDONED_SECONDS: Final = 30.0
"""After how long what a client has not fetched is given up, where the gateway is full: it was told to come back after
one second."""
ENDED_AT_ONCE: Final = 100
"""How many sessions end in one go for their age: two or three milliseconds, in which nobody is served."""
_ID_BYTES: Final = 24


@attrs.define(eq=False, repr=False, kw_only=True)
class Sessions:
    """All of them, least recently used first. `on_end` is called once for each, at its end."""

    _on_end: Callable[[HttpSession], object]
    idle: float
    """After how many seconds a session ends whose client is away."""
    _max: int = attrs.field(default=MAX_SESSIONS, alias="max_sessions")
    memory: Memory = attrs.field(factory=Memory)
    _sessions: OrderedDict[str, HttpSession] = attrs.field(factory=OrderedDict, init=False)
    _unused: dict[str, OrderedDict[str, HttpSession]] = attrs.field(factory=dict, init=False)
    """Those that were never used, oldest first, by the address of their client."""
    _unused_size: int = attrs.field(default=0, init=False)
    _of: Counter[str] = attrs.field(factory=Counter, init=False)
    """How many sessions there are of each address."""

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[HttpSession]:
        return iter(tuple(self._sessions.values()))

    def open(
        self,
        now: float,
        *,
        address: str = "",
        size: int = 0,
        principal: Principal = ANONYMOUS,
        endpoint: str = "",
    ) -> HttpSession:
        """A new session, whose client declared so many bytes of itself; at the limit another makes room.

        It belongs to `principal`, at this endpoint.

        Raises:
            Overloaded: at the limit, and every session is busy; or the gateway holds too much (`Memory.is_full`).
        """
        self.memory.require_room()
        size += SESSION_BYTES
        while self._unused_size + size > UNUSED_BYTES and self._end_first_idle(self._most_unused(address)):
            pass
        if len(self._sessions) >= self._max:
            self._make_room(address)
        streams = Streams(self.memory)
        session = HttpSession(
            id=secrets.token_urlsafe(_ID_BYTES),
            standalone=streams,
            streams=streams,
            principal=principal,
            endpoint=endpoint,
            memory=self.memory,
            address=address,
            size=size,
            last_used=now,
        )
        self._sessions[session.id] = session
        self._unused.setdefault(address, OrderedDict())[session.id] = session
        self._of[address] += 1
        self._unused_size += size
        self.memory.hold(session, size)
        return session

    def use(
        self, session_id: str, now: float, *, principal: Principal = ANONYMOUS, endpoint: str = ""
    ) -> HttpSession | None:
        """The session with this id, its idle time begun anew; None if there is none, or it is not theirs who ask."""
        session = self._sessions.get(session_id)
        if session is None or not session.is_used_by(principal, endpoint):
            return None
        self.touch(session, now)
        return session

    def touch(self, session: HttpSession, now: float) -> None:
        """Begin the idle time of a session anew, if it is still open."""
        if session.id in self._sessions:
            session.last_used = now
            self._sessions.move_to_end(session.id)

    def note_used(self, session: HttpSession) -> None:
        """The client of a session asks for something: it did not come for `initialize` alone."""
        session.is_used = True
        self._forget_unused(session)

    def end(self, session_id: str, why: SessionEnd = "client") -> bool:
        """End one session; False if there is none with this id."""
        session = self._sessions.pop(session_id, None)
        if session is None:
            return False
        self._forget_unused(session)
        self._of[session.address] -= 1
        if not self._of[session.address]:
            del self._of[session.address]
        session.ended_by = why
        session.end()
        self.memory.release(session)
        self._on_end(session)
        return True

    def close(self, session_id: str) -> bool:
        """End one session at an operator's wish; False if there is none with this id."""
        return self.end(session_id, "operator")

    def end_all(self) -> None:
        """End every session: the gateway has stopped."""
        for session_id in tuple(self._sessions):
            self.end(session_id, "stop")

    def end_unless(self, may_stay: Callable[[Audience], bool]) -> int:
        """End the sessions of the clients that may not stay, calls and all, and tell how many they were."""
        ended = [session.id for session in self._sessions.values() if not may_stay(session.audience)]
        for session_id in ended:
            self.end(session_id, "reload")
        return len(ended)

    def expire(self, now: float) -> int:
        """End the sessions whose clients have been away too long, calls and all, and tell how many they were.

        `ENDED_AT_ONCE` is the most: whoever is told of any asks again, once others have had their turn. Where the
        gateway is full, what clients have not fetched goes sooner (`ABANDONED_SECONDS`).
        """
        if self.memory.is_full:
            self._give_up(now)
        old = []
        for session in self._sessions.values():
            if now - session.last_used < self.idle:
                break
            old.append(session)
        ended = 0
        for session in old:
            if session.is_attended:
                self.touch(session, now)
            elif ended < ENDED_AT_ONCE:
                self.end(session.id, "idle")
                ended += 1
            else:
                break
        return ended

    def _give_up(self, now: float) -> None:
        given_up = 0
        for session in self._sessions.values():
            if not self.memory.is_full or now - session.last_used < ABANDONED_SECONDS:
                break
            if not session.is_attended:
                given_up += session.streams.give_up()
        if given_up:
            log.warning("events_given_up", bytes=given_up, reason="clients do not fetch them (server.limits.memory)")

    def _make_room(self, address: str) -> None:
        crowd, _ = self._of.most_common(1)[0]
        of_crowd = (session for session in self._sessions.values() if session.address == crowd)
        for candidates in (self._most_unused(address), of_crowd, self._sessions.values()):
            if self._end_first_idle(candidates):
                return
        raise Overloaded(f"{self._max} sessions are open, and all of them are busy")

    def _most_unused(self, address: str) -> Iterable[HttpSession]:
        """Those that were never used: of the same address, then of the address that has most of them."""
        most: Mapping[str, HttpSession] = max(self._unused.values(), key=len, default={})
        return chain(self._unused.get(address, most).values(), most.values())

    def _end_first_idle(self, candidates: Iterable[HttpSession]) -> bool:
        for session in candidates:
            if not session.is_busy:
                self.end(session.id, "room")
                return True
        return False

    def _forget_unused(self, session: HttpSession) -> None:
        group = self._unused.get(session.address)
        if group is not None:
            if group.pop(session.id, None) is not None:
                self._unused_size -= session.size
            if not group:
                del self._unused[session.address]
