"""A body whose length was said before (RFC 9112, 6.2), sans I/O."""

from __future__ import annotations

from argus_trio.per_call import PerCall


class CountedBody(PerCall, kw_only=True):
    """Takes such a body out of the bytes of a connection."""

    left: int
    """How many bytes are still to come."""
    is_complete: bool
    """Whether all of it has come."""
    rest: bytes = b""
    """What came behind its end."""
    fault: None = None
    """Nothing can be wrong with it."""

    @classmethod
    def of(cls, length: int) -> CountedBody:
        """A body of so many bytes."""
        return cls(left=length, is_complete=not length)

    def feed(self, data: bytes) -> list[bytes]:
        """The part of the body that is in `data`, in pieces: one or none."""
        if len(data) > self.left:
            data, behind = data[: self.left], data[self.left :]
            self.rest += behind
        self.left -= len(data)
        self.is_complete = not self.left
        return [data] if data else []
