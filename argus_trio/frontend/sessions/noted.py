"""What the journal is told of sessions: that one has been opened, that it has ended and why."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from argus_trio.core.journal import Journal
from argus_trio.frontend.sessions.session import Session, SessionEnd

ENDS: Final[Mapping[SessionEnd, str]] = {
    "client": "its client ended it, or is gone",
    "idle": "its client was away too long",
    "room": "another one needed the room",
    "reload": "a reload took away who it belongs to, or its endpoint",
    "expired": "the credential that opened it has ended",
    "operator": "an operator closed it",
    "stop": "the gateway stops",
}
"""Why a session ended, in words."""


def note_opened(journal: Journal, session: Session) -> None:
    """Note that a session has begun, and whose it is."""
    said = f"{session.client or 'a client'} has opened a session"
    journal.note("session_opened", said, details={"revision": session.revision, **_facts(session)})


def note_ended(journal: Journal, session: Session) -> None:
    """Note that a session is over, and why."""
    seconds = round(time.monotonic() - session.opened, 1)
    details = {"why": session.ended_by, "seconds": seconds, **_facts(session)}
    said = f"the session of {session.client or 'a client'} has ended: {ENDS[session.ended_by]}"
    journal.note("session_ended", said, details=details)


def _facts(session: Session) -> dict[str, object]:
    return {
        "id": session.handle,
        "client": session.client,
        "principal": session.principal.name,
        "transport": session.transport,
        "address": session.address,
    }
