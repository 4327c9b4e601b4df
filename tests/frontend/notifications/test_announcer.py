"""Who is told of what."""

from __future__ import annotations

from argus_trio.frontend.notifications.announcer import PLAIN_EVENTS, PROMPTS, TOOLS, Announcer
from argus_trio.frontend.notifications.outbox import Outbox


async def test_each_stream_is_told_what_it_wants_and_only_while_it_is_open() -> None:
    announcer, every, one, gone = Announcer(), Outbox(), Outbox(), Outbox()
    with announcer.listening(gone):
        pass
    with announcer.listening(every), announcer.listening(one, {TOOLS: b"tools!"}):
        announcer.announce([TOOLS, PROMPTS])
        announcer.announce(iter([TOOLS]))
    for outbox in (every, one, gone):
        outbox.close()
    assert await every.take() == PLAIN_EVENTS[TOOLS] + PLAIN_EVENTS[PROMPTS]
    assert await one.take() == b"tools!"
    assert await gone.take() == b""


async def test_closing_ends_open_streams_and_those_that_open_later() -> None:
    announcer, early, late = Announcer(), Outbox(), Outbox()
    with announcer.listening(early):
        announcer.close()
        assert early.is_closed
    with announcer.listening(late):
        assert late.is_closed
