"""Paging: one kind's list as bytes, its pages, and the cursors that say where a client stands in it.

A cursor holds the last key that was shown, and pages follow the order of the keys. So a list that changes between two
pages neither repeats nor skips what stayed, whether or not that last entry did.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from array import array
from bisect import bisect_right
from collections.abc import Container, Iterable
from itertools import accumulate, islice
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.errors import InvalidParams
from argus_trio.wire.passing.known_result import KnownResult

PAGE: Final = 1000
"""The number of entries on one page; a list that is no longer than this is one page."""

_MAC_BYTES: Final = 16


@attrs.frozen(kw_only=True)
class Listed(Value):
    """One kind's whole list result. A list of several pages is in the order of its keys, a short one as given."""

    whole: bytes
    """The raw JSON of the list result; a `KnownResult`."""
    member: str
    """The member of the result that holds the entries."""
    keys: tuple[str, ...]
    """The key of each entry as it is shown, in the order of the entries."""
    _ends: array[int]
    """Where in `whole` each entry ends; one byte stands between two entries."""

    @property
    def is_one_page(self) -> bool:
        """Whether the list fits on one page, so that `whole` is the answer."""
        return len(self.keys) <= PAGE

    def page(self, after: str | None) -> tuple[bytes, str | None]:
        """The entries that follow the key `after`, at most `PAGE`, and the last one's key if more follow.

        The entries are as the array holds them, with a comma between two.
        """
        if self.is_one_page:
            chosen = (index for index, key in enumerate(self.keys) if after is None or key > after)
            return b",".join(map(self._entry, sorted(chosen, key=self.keys.__getitem__))), None
        start = 0 if after is None else bisect_right(self.keys, after)
        end = min(start + PAGE, len(self.keys))
        if start == end:
            return b"", None
        last = self.keys[end - 1] if end < len(self.keys) else None
        return self.whole[self._start(start) : self._ends[end - 1]], last

    def only(self, keys: Container[str]) -> Listed:
        """The list with these of its entries alone; the same one if that is all of them."""
        chosen = [index for index, key in enumerate(self.keys) if key in keys]
        if len(chosen) == len(self.keys):
            return self
        return listed(self.member, [(self.keys[index], self._entry(index)) for index in chosen])

    def _entry(self, index: int) -> bytes:
        return self.whole[self._start(index) : self._ends[index]]

    def _start(self, index: int) -> int:
        return self._ends[index - 1] + 1 if index else len(_opening(self.member))


def listed(member: str, entries: Iterable[tuple[str, bytes]]) -> Listed:
    """The list of these entries, each with its key (no two are the same) and its raw JSON."""
    ordered = list(entries)
    if len(ordered) > PAGE:
        ordered.sort(key=lambda entry: entry[0])
    opening = _opening(member)
    ends = accumulate((len(raw) + 1 for _, raw in ordered), initial=len(opening) - 1)
    return Listed(
        whole=KnownResult(b"%b%b]}" % (opening, b",".join(raw for _, raw in ordered))),
        member=member,
        keys=tuple(key for key, _ in ordered),
        ends=array("Q", islice(ends, 1, None)),
    )


def _opening(member: str) -> bytes:
    return b'{"%b":[' % member.encode()


@attrs.frozen(kw_only=True)
class Cursors(Value):
    """Makes and reads cursors, each for one kind of list; only the holder of `key` can have made one that is read."""

    key: bytes = attrs.field(repr=False)

    def seal(self, kind: str, last: str) -> str:
        """The cursor for the entries that follow the key `last`: opaque, and safe in JSON as it is."""
        text = last.encode()
        return base64.urlsafe_b64encode(self._mac(kind, text) + text).decode("ascii")

    def open(self, kind: str, cursor: str) -> str:
        """The key that `cursor` was made of.

        Raises:
            InvalidParams: the cursor was not made with this key, or was made for another kind.
        """
        try:
            sealed = base64.b64decode(cursor, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise InvalidParams("unknown cursor") from None
        mac, text = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(kind, text)):
            raise InvalidParams("unknown cursor")
        return text.decode()

    def _mac(self, kind: str, text: bytes) -> bytes:
        return hmac.digest(self.key, b"%b\0%b" % (kind.encode(), text), "sha256")[:_MAC_BYTES]
