"""One request of a modern client, as the notifications of its call see it; and the exchange around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import trio

from argus_trio.core.call.exchange import Call
from argus_trio.core.call.levels import passes_level
from argus_trio.core.call.record import CallRecord
from argus_trio.errors import ClientCannotAnswer
from argus_trio.per_call import PerCall, PerCallValue
from argus_trio.wire.envelope import Params, Raw, encode_notification
from argus_trio.wire.members import string_member

Notify = Callable[[bytes], Awaitable[None]]
"""Sends one encoded message to the client, on the stream of the request that it belongs to."""

_PROGRESS = "notifications/progress"
_LOG = "notifications/message"


class AskingRequest(PerCallValue, frozen=True):
    """The request that notifications go out by: those of its progress token and of its log level, no other."""

    send: Notify
    progress_token: Raw | None
    log_level: str | None

    async def tell(self, method: str, params: Params) -> None:
        """Send a notification on the request's stream, if it is one that the request asked for.

        Progress is told under the request's own token: that of a retry may differ from that of the first request.
        """
        if method == _PROGRESS:
            if self.progress_token is None:
                return
            params = {**params, "progressToken": self.progress_token}
        elif method == _LOG and not self._wants(params):
            return
        await self.send(encode_notification(method, params))

    def _wants(self, params: Params) -> bool:
        if self.log_level is None:
            return False
        level = string_member(params, "level")
        return level is None or passes_level(level, self.log_level)


class PlainExchange(PerCall):
    """The `Exchange` of a call that runs in its request's task, and whose client therefore cannot be asked."""

    call: Call
    request: AskingRequest
    record: CallRecord | None = None
    scope: trio.CancelScope = msgspec.field(default_factory=trio.CancelScope)
    is_lost: bool = False
    """Whether its client has gone."""

    def lose(self) -> None:
        """Its client has gone."""
        self.is_lost = True
        if self.record is not None:
            self.record.cut = "client_gone"
        self.scope.cancel()

    async def notify(self, method: str, params: Params) -> None:
        """Send a notification on the stream of the request."""
        await self.request.tell(method, params)

    async def ask(self, method: str, params: Params) -> bytes:
        """Always raises `ClientCannotAnswer`."""
        if self.call.abilities.permits(method, params):
            raise ClientCannotAnswer(method, f"{self.call.method} has no way to ask a client of this revision")
        raise undeclared(method, params)


def undeclared(method: str, params: Params) -> ClientCannotAnswer:
    """The error of a request to the client that it did not declare that it can answer."""
    return ClientCannotAnswer(method, "it did not declare that it can answer this", required=_required(method, params))


def _required(method: str, params: Params) -> dict[str, object]:
    """The capabilities that a client needs to be asked this."""
    match method:
        case "elicitation/create":
            mode = "url" if bytes(params.get("mode", b"")) == b'"url"' else "form"
            return {"elicitation": {mode: {}}}
        case "sampling/createMessage":
            return {"sampling": {"tools": {}} if "tools" in params else {}}
        case "roots/list":
            return {"roots": {}}
        case _:
            return {}
