"""A body whose length was said before (RFC 9112, 6.2), sans I/O."""

from __future__ import annotations

import attrs


@attrs.define(eq=False, repr=False)
class CountedBody:
    """Takes such a body out of the bytes of a connection."""

    left: int
    """How many bytes are still to come."""
    rest: bytes = attrs.field(default=b"", init=False)
    """What came behind its end."""
    fault: None = attrs.field(default=None, init=False)
    """Nothing can be wrong with it."""

    @property
    def is_complete(self) -> bool:
        """Whether all of it has come."""
        return not self.left

    def feed(self, data: bytes) -> list[bytes]:
        """The part of the body that is in `data`, in pieces: one or none."""
        if len(data) > self.left:
            data, behind = data[: self.left], data[self.left :]
            self.rest += behind
        self.left -= len(data)
        return [data] if data else []
