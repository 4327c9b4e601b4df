"""Event streams of the gateway: those of one answer, and those that are followed over restarts of the gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import attrs

from argus_trio.contract.operation import Operation
from argus_trio.manage_client.failure import NOT_REACHED, CommandFailed
from argus_trio.manage_client.problems import failure_of
from argus_trio.verbs.link.client import NOTHING, ManageClient, OpenAnswer
from argus_trio.wire.event_stream import Event, EventParser, EventTooLarge
from argus_trio.wire.headers import EVENT_STREAM

SILENCE_SECONDS: Final = 100.0
"""How long a stream that is followed may say nothing: the gateway says something every 30 s, so nobody is there."""
CHUNK_BYTES: Final = 64 * 1024
"""The most that is read at once."""
FIRST_PAUSE_SECONDS: Final = 0.2
"""How soon it is tried again after a stream has ended; each pause is twice the one before."""
LONGEST_PAUSE_SECONDS: Final = 3.0
"""How long a pause gets: who follows sees the gateway come back soon, and one that is down is left in peace."""


def events_of(client: ManageClient, answer: OpenAnswer) -> Iterator[Event]:
    """The events of an answer, as they come.

    Raises:
        CommandFailed: the answer is a problem or no stream, the connection broke off, or an event is too large.
    """
    headers = answer.response.headers
    if answer.status != 200 or headers.get_content_type() != EVENT_STREAM:
        raw = client.rest_of(answer)
        if answer.status == 200:
            raise CommandFailed(f"{client.place.shown} answered with no event stream", NOT_REACHED)
        raise failure_of(answer.status, headers.get, raw, client.place.shown)
    parser = EventParser()
    while True:
        with client.heard():
            chunk = answer.response.read1(CHUNK_BYTES)
        if not chunk:
            return
        try:
            yield from parser.feed(chunk)
        except EventTooLarge as error:
            raise CommandFailed(str(error)) from None


@attrs.define(eq=False, repr=False, kw_only=True)
class Followed:
    """A stream that is opened again whenever it ends, behind the last event that came."""

    client: ManageClient
    operation: Operation
    names: Mapping[str, str] = NOTHING
    query: Mapping[str, str | int | tuple[str, ...]] = NOTHING
    last_id: str = ""
    tell: Callable[[str], None]
    """Tells the user what became of the connection."""
    silence_seconds: float = SILENCE_SECONDS

    def __iter__(self) -> Iterator[Event]:
        """Its events, without an end.

        Raises:
            CommandFailed: it cannot be opened for the first time, or the gateway answers later that it may not be.
        """
        pause = 0.0
        was_open = False
        while True:
            try:
                for event in self._once(is_again=was_open and pause > 0):
                    was_open, pause = True, 0.0
                    if event is not None:
                        yield event
            except CommandFailed as failure:
                if failure.code != NOT_REACHED or not was_open:
                    raise
            if pause == 0:
                self.tell("the gateway has gone; waiting for it")
            pause = min(max(FIRST_PAUSE_SECONDS, 2 * pause), LONGEST_PAUSE_SECONDS)
            time.sleep(pause)

    def _once(self, *, is_again: bool) -> Iterator[Event | None]:
        headers = {"Accept": EVENT_STREAM}
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id
        opened = self.client.opened(
            self.operation, self.names, query=self.query, headers=headers, seconds=self.silence_seconds
        )
        with opened as answer:
            events = events_of(self.client, answer)
            if answer.status == 200:
                yield None
                if is_again:
                    self.tell("the gateway is there again")
            for event in events:
                self._tell_of_another_start(event.id)
                self.last_id = event.id or self.last_id
                yield event

    def _tell_of_another_start(self, event_id: str) -> None:
        """Ids begin with what differs from one start of the gateway to the next."""
        if self.last_id and event_id and event_id.rpartition("-")[0] != self.last_id.rpartition("-")[0]:
            self.tell("the gateway was started anew: what came between is not known")
