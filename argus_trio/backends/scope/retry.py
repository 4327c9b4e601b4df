"""Making a request once more where a forgotten session was all that stood in its way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from argus_trio.backends.scope.recovery import Recovery
from argus_trio.errors import BackendUnavailable, SessionLost

T = TypeVar("T")


async def retry_after_session_loss(recovery: Recovery, perform: Callable[[], Awaitable[T]]) -> T:
    """Perform; and again, over whatever connection there is then, if the server provably did not act on it.

    Raises:
        BackendUnavailable: with the time to come again, where that is known.
        RpcError: whatever else `perform` raises.
    """
    try:
        return await perform()
    except BackendUnavailable as error:
        if not isinstance(error.cause, SessionLost) or not error.cause.never_ran:
            raise recovery.advised(error) from error.cause
    try:
        return await perform()
    except BackendUnavailable as error:
        raise recovery.advised(error) from error.cause
