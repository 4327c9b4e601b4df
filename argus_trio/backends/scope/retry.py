"""Making a call again where a forgotten session was all that stood in its way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from argus_trio.backends.connectivity.recovery import Recovery
from argus_trio.errors import BackendUnavailable, SessionLost

T = TypeVar("T")


async def retry_after_session_loss(
    recovery: Recovery, failed: BackendUnavailable, perform: Callable[[], Awaitable[T]]
) -> T:
    """Perform again what `failed`, over whatever connection there is then, if the server provably did not act on it.

    Raises:
        BackendUnavailable: the failure, or that of the second time, with the time to come again where that is known.
        RpcError: whatever else `perform` raises.
    """
    if not isinstance(failed.cause, SessionLost) or not failed.cause.never_ran:
        raise recovery.advised(failed) from failed.cause
    try:
        return await perform()
    except BackendUnavailable as error:
        raise recovery.advised(error) from error.cause
