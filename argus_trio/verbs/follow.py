"""Following a stream: what is said of its gaps and of its connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from argus_trio.contract.operation import Operation
from argus_trio.verbs.link.stream import Followed
from argus_trio.verbs.verb import Verb
from argus_trio.wire.event_stream import Event

GAP: Final = "some are missing here: they are gone"
"""What is said where some are gone."""


def followed(
    verb: Verb, operation: Operation, names: Mapping[str, str], query: Mapping[str, str], last_id: str
) -> Iterator[Event]:
    """The events of a stream, without an end; what becomes of it otherwise is told on stderr."""

    def tell(text: str) -> None:
        verb.terminal.note(f"argus-trio: {text}")

    verb.terminal.out.flush()
    stream = Followed(client=verb.client, operation=operation, names=names, query=query, last_id=last_id, tell=tell)
    for event in stream:
        if event.event == "gap":
            tell(GAP)
        else:
            yield event
