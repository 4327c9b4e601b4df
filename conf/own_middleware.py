"""A middleware of your own, as `own.yaml` uses it: fills in arguments, hides a word in results, and counts.

Copy it: of the gateway nothing but `argus_trio.middleware` is imported, whose names stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

import structlog

from argus_trio.middleware import Exchange, Handler, Rejected, arguments_of, with_arguments

log = structlog.get_logger()


class FillIn:
    """Gives tools arguments that their callers leave out, and stars out a word in what they answer.

    `arguments` are filled in by name; `most` calls of tools may be made until it is made anew.
    """

    def __init__(self, *, arguments: Mapping[str, object], hide: str = "", most: int = 1000) -> None:
        self.arguments = dict(arguments)
        self.hide = hide.encode()
        self.most = most
        self.calls = 0

    async def __aenter__(self) -> FillIn:
        log.info("fill_in_begins")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        log.info("fill_in_ends", calls=self.calls)

    async def __call__(self, exchange: Exchange, call_next: Handler) -> bytes:
        """Pass a call on with what is missing; a result is bytes of JSON."""
        if exchange.call.method != "tools/call":
            return await call_next(exchange)
        self.calls += 1
        if self.calls > self.most:
            raise Rejected(f"{self.most} calls were made already")
        filled = with_arguments(exchange, {**self.arguments, **arguments_of(exchange)})
        result = await call_next(filled)
        return result.replace(self.hide, b"*" * len(self.hide)) if self.hide else result
