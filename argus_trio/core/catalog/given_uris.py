"""The URIs that a backend gave out beside its lists: links and resources in results, and updates.

No list names them, so whoever asks for one is sent to the backend that gave it out. Which backend that is, and what it
may be asked, is decided in `routing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

import attrs
import msgspec

from argus_trio.core.catalog.uris import MAX_COMPARED, comparable
from argus_trio.wire.envelope import Params, Raw, decode_array
from argus_trio.wire.members import object_member, object_or_none, string_member

MOST_URIS: Final = 4096
"""How many URIs of one backend are kept, and looked at in one result: those that a client may still want to read."""

MOST_BYTES: Final = 1024 * 1024
"""How many bytes the kept URIs of one backend may have together, in both spellings."""

_MEMBER: Final = b'"uri"'


@attrs.define(eq=False, repr=False)
class GivenUris:
    """The latest URIs that one backend gave out, within `MOST_URIS` and `MOST_BYTES`; the oldest are forgotten."""

    _spelled: dict[str, str] = attrs.field(factory=dict, init=False)
    """How the backend spelled each, by its comparable form, the latest last."""
    _bytes: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._spelled)

    def spelled(self, uri: str) -> str | None:
        """How the backend spelled this URI when it gave it out; None if it did not."""
        return self._spelled.get(comparable(uri)) if self._spelled else None

    def note(self, uri: str) -> None:
        """Note that the backend gave out this URI. One that is longer than `MAX_COMPARED` is not kept."""
        if len(uri) > MAX_COMPARED:
            return
        compared = comparable(uri)
        self._forget(compared)
        self._spelled[compared] = uri
        self._bytes += _size(compared, uri)
        self._trim()

    def note_member(self, params: Params) -> None:
        """Note the URI that is the member `uri` of what the backend said, if there is one."""
        uri = string_member(params, "uri")
        if uri is not None:
            self.note(uri)

    def note_result(self, result: bytes) -> None:
        """Note the URIs that a result gives out: of a tool, a prompt, a task, or a resource that was read."""
        members = object_or_none(result) or {}
        of_task = object_member(members, "result") or {}  # of one that is over
        for uri in islice(chain(_given_in(members), _given_in(of_task)), MOST_URIS):
            self.note(uri)

    def take_over(self, old: GivenUris) -> None:
        """Note what a predecessor of the backend gave out, as older than what is known here."""
        fresh = {compared: uri for compared, uri in old._spelled.items() if compared not in self._spelled}
        self._spelled = {**fresh, **self._spelled}
        self._bytes += sum(map(_size, fresh, fresh.values()))
        self._trim()

    def _trim(self) -> None:
        while len(self._spelled) > MOST_URIS or self._bytes > MOST_BYTES:
            self._forget(next(iter(self._spelled)))

    def _forget(self, compared: str) -> None:
        uri = self._spelled.pop(compared, None)
        if uri is not None:
            self._bytes -= _size(compared, uri)


def _size(compared: str, uri: str) -> int:
    return len(compared) + len(uri.encode("utf-8", "surrogatepass"))


def _given_in(members: Params) -> Iterator[str]:
    for name in ("content", "contents"):
        yield from _given_by(members.get(name))
    for message in _entries(members.get("messages")):
        yield from _given_by((object_or_none(message) or {}).get("content"))


def _given_by(content: Raw | None) -> Iterator[str]:
    """The URIs of content: one item, or several."""
    for item in _entries(content) or ([] if content is None else [content]):
        if _MEMBER in bytes(item):
            fields = object_or_none(item) or {}
            for holder in (fields, object_member(fields, "resource") or {}):
                uri = string_member(holder, "uri")
                if uri is not None:
                    yield uri


def _entries(raw: Raw | None) -> list[Raw]:
    """The entries of a raw array that speak of a URI; none where it is absent, or no array."""
    try:
        return [] if raw is None else [entry for entry in decode_array(raw) if _MEMBER in bytes(entry)]
    except msgspec.DecodeError:
        return []
