"""Tasks that serve a block of code: started in it, cancelled at its end. What the block raises leaves it unwrapped."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from types import TracebackType

import attrs
import trio


@attrs.define(eq=False, repr=False)
class ServiceNursery:
    """A nursery whose end is the end of its block.

    A plain nursery would hand the block's own exception on inside an exception group, which whoever enters a link
    through a context manager could not catch by its name. What a *task* raises still cancels the block, and leaves in a
    group, together with what the block raises.
    """

    _manager: AbstractAsyncContextManager[trio.Nursery, bool | None] = attrs.field(
        factory=trio.open_nursery, init=False
    )
    _nursery: trio.Nursery | None = attrs.field(default=None, init=False)

    async def __aenter__(self) -> trio.Nursery:
        self._nursery = await self._manager.__aenter__()
        return self._nursery

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        if self._nursery is not None:
            self._nursery.cancel_scope.cancel()
        try:
            return await self._manager.__aexit__(kind, error, traceback)
        except BaseExceptionGroup as group:
            if error is not None and group.exceptions == (error,):
                return False  # what the block raised, as it is
            cancelled, others = group.split(trio.Cancelled)
            if cancelled is not None and others is not None and others.exceptions == (error,):
                raise cancelled from None  # whoever cancelled the block from outside waits for no error of its
            raise
