"""The life of a link to a remote server: whether it is usable, and what ended it."""

from __future__ import annotations

from typing import Final

import attrs
import trio

from argus_trio.errors import HttpRefused, LinkFailed

LOOP_DETECTED: Final = 508
"""The HTTP status of a gateway that is its own backend (RFC 5842, section 7.2): it answers so to all that comes, and is
the end of a link."""


_SAID: Final = '"loop"'
"""What a gateway of this kind says with it."""
_LEADS_BACK: Final = (
    "it leads back here: this gateway is its own backend, directly or by others (HTTP 508); what it listed is shown no "
    "more: take the backend that leads back here out of the configuration"
)


class LoopFound(LinkFailed):
    """The backend leads back to the gateway itself."""

    def again(self, *, never_ran: bool = False) -> LoopFound:
        """See `LinkFailed.again`."""
        return LoopFound(self.reason, details=self.details, never_ran=never_ran)


def loop_in(refused: HttpRefused) -> LoopFound | None:
    """The failure that an HTTP error stands for which says that there is a loop; None if it says something else."""
    if refused.status != LOOP_DETECTED:
        return None
    return LoopFound(_LEADS_BACK if _SAID in refused.reason else refused.reason)


@attrs.define(eq=False, repr=False)
class Life:
    """Whether a link lives, and why it died."""

    _failure: LinkFailed | None = attrs.field(default=None, init=False)
    _ended: trio.Event = attrs.field(factory=trio.Event, init=False)

    def end(self, failure: LinkFailed) -> LinkFailed:
        """Declare the link dead; the first failure stays. Gives an error to raise."""
        if self._failure is None:
            self._failure = failure
            self._ended.set()
        return self._failure.again()

    def check(self) -> None:
        """Raise the failure once the link has died: whoever asks has sent nothing yet."""
        if self._failure is not None:
            raise self._failure.again(never_ran=True)

    @property
    def failure(self) -> LinkFailed | None:
        """Why the link died, if it has."""
        return self._failure

    @property
    def is_over(self) -> bool:
        """Whether the link has died."""
        return self._failure is not None

    async def wait_failed(self) -> LinkFailed:
        """Wait for the end, and tell why."""
        await self._ended.wait()
        if self._failure is None:
            raise AssertionError("an end without a reason")
        return self._failure
