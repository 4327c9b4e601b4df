"""Performing a call once more where only a forgotten session stood in its way.

That a session is begun anew is the business of `connectivity`; a call that may have run is never repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from argus_trio.backends.connectivity.recovery import Recovery
from argus_trio.errors import BackendUnavailable, SessionLost

T = TypeVar("T")


async def retry_after_session_loss(
    recovery: Recovery, failed: BackendUnavailable, perform: Callable[[], Awaitable[T]]
) -> T:
    """Perform once more what ended with `failed`, over the connection that there is then; what `perform` returns.

    Only if the session was lost and the server provably did not act on the request.

    Raises:
        BackendUnavailable: the failure, or that of the second time, with the time to try again where that is known.
        RpcError: whatever else `perform` raises.
    """
    if not isinstance(failed.cause, SessionLost) or not failed.cause.never_ran:
        raise recovery.advised(failed) from failed.cause
    try:
        return await perform()
    except BackendUnavailable as error:
        raise recovery.advised(error) from error.cause
