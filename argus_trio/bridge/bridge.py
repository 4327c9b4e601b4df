"""The bridge itself: each line of the client goes to the gateway as its era wants it, and what comes back is written.

It holds no state of the protocol but what its transport needs: which requests are open, and the legacy session.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import attrs
import msgspec
import structlog
import trio

from argus_trio.bridge.carrier import Carrier
from argus_trio.bridge.gateway_wait import Work
from argus_trio.bridge.legacy import Legacy
from argus_trio.bridge.modern import Modern, revision_of
from argus_trio.bridge.open_request import OpenRequest
from argus_trio.bridge.pipes import Write
from argus_trio.errors import InvalidRequest, LinkFailed, Overloaded, ResponseInvalid, RpcError
from argus_trio.net.dial import NobodyListens
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.wire.envelope import (
    Notification,
    Request,
    encode_error,
    encode_error_response,
    is_batch,
)
from argus_trio.wire.members import decode_client, decode_client_batch
from argus_trio.wire.passing.mending import client_text
from argus_trio.wire.revisions import BATCH_REVISION

log = structlog.get_logger()

MAX_IN_FLIGHT: Final = 512
"""How many requests may be open at once. One beyond that is refused, so that a cancellation can still follow."""
MAX_UNTOLD: Final = 512
MAX_UNTOLD_BYTES: Final = 16 * 1024 * 1024
"""How many notifications and responses may wait to be told, and their bytes, before no more lines are read."""
FINISH_SECONDS: Final = 1.0
"""How long what is open may take once the client has closed its end: clients soon lose patience, and kill."""

_LISTEN: Final = "subscriptions/listen"
_CANCELLED: Final = "notifications/cancelled"
_INITIALIZED: Final = "notifications/initialized"


@asynccontextmanager
async def bridging(carrier: Carrier, write: Write) -> AsyncIterator[Bridge]:
    """A bridge to feed lines to. Leaving the block well finishes what is open; leaving it in any way ends the session.

    That takes `FINISH_SECONDS` and `GOODBYE_SECONDS` at most.
    """
    async with ServiceNursery() as streams:
        legacy = Legacy(carrier=carrier, write=write, nursery=streams)
        try:
            async with trio.open_nursery() as calls:
                bridge = Bridge(carrier=carrier, write=write, legacy=legacy, modern=Modern(carrier, write), calls=calls)
                yield bridge
                bridge.finish()
        finally:
            await legacy.aclose()


@attrs.define(eq=False, repr=False, kw_only=True)
class Bridge:
    """One client's bridge; `bridging` makes one. `calls` holds a task for each request on its way, and one for all that
    wants no answer."""

    _carrier: Carrier
    _write: Write
    _legacy: Legacy
    _modern: Modern
    _calls: trio.Nursery
    _revision: str | None = attrs.field(default=None, init=False)
    """The revision that the last modern request named."""
    _open_requests: dict[bytes, OpenRequest] = attrs.field(factory=dict, init=False)
    """The open requests by their raw ids; a batch stands under each of its ids."""
    _untold: deque[tuple[Work, int]] = attrs.field(factory=deque, init=False)
    """How to tell each notification and response that the gateway has not taken yet, in order, and its bytes."""
    _untold_bytes: int = attrs.field(default=0, init=False)
    _last_told: trio.Event = attrs.field(factory=trio.Event, init=False)
    """Set once everything that legacy messages must not overtake has been told."""

    def __attrs_post_init__(self) -> None:
        self._last_told.set()

    async def accept(self, line: bytes) -> None:
        """Begin to carry one line. Waits only for a client that does not read, or a gateway that takes nothing."""
        line = client_text(line)
        try:
            if is_batch(line):
                await self._accept_batch(line)
            elif line.strip():
                message = decode_client(line)
                if isinstance(message, Request):
                    await self._accept_request(line, message)
                elif isinstance(message, Notification):
                    await self._accept_notification(line, message)
                else:
                    await self._tell(partial(self._legacy.tell, line), len(line))
        except ResponseInvalid as invalid:
            await self.refuse(invalid)
            await self._tell(partial(self._legacy.tell, line), len(line))  # what was asked ends with it there
        except RpcError as error:
            await self.refuse(error, error.request_id)

    async def refuse(self, error: RpcError, message_id: bytes = b"null") -> None:
        """Tell the client that its line is not carried."""
        encoded = encode_error(error.code, error.message, error.data)
        await self._write(encode_error_response(message_id, encoded))

    def finish(self) -> None:
        """Note that no more lines come: what is open has `FINISH_SECONDS` left, and what is endless ends now."""
        self._calls.cancel_scope.deadline = trio.current_time() + FINISH_SECONDS
        self._carrier.gateway.end()
        for open_request in self._open_requests.values():
            if open_request.is_endless:
                open_request.scope.cancel()

    async def _accept_request(self, line: bytes, request: Request) -> None:
        revision = None if request.method == "initialize" else revision_of(request)
        is_endless = request.method == _LISTEN
        open_request = OpenRequest(ids=(request.id,), is_modern=revision is not None, is_endless=is_endless)
        if (refusal := self._refusal(open_request)) is not None:
            await self.refuse(refusal, request.id)
        elif request.method == "initialize":
            self._start(open_request, self._in_order(partial(self._legacy.open, line, open_request)))
        elif revision is not None:
            self._revision = revision
            self._start(open_request, self._patient(partial(self._modern.ask, line, request, revision, open_request)))
        else:
            self._start(open_request, self._asking_legacy(line, (request,), open_request))

    async def _accept_notification(self, line: bytes, notification: Notification) -> None:
        if notification.method == _CANCELLED and not self._cancel(notification):
            return
        revision = revision_of(notification) or self._revision
        if notification.method == _INITIALIZED:
            await self._tell(partial(self._legacy.initialized, line), len(line))
        elif revision is not None and self._legacy.revision is None:
            await self._tell(partial(self._modern.tell, line, notification, revision), len(line))
        else:
            await self._tell(partial(self._legacy.tell, line), len(line))

    async def _accept_batch(self, line: bytes) -> None:
        if self._legacy.revision != BATCH_REVISION:
            raise InvalidRequest(f"batches are for revision {BATCH_REVISION} alone")
        members = decode_client_batch(line)
        for member in members:
            if isinstance(member, Notification) and member.method == _CANCELLED:
                self._cancel(member)
        requests = tuple(each for each in members if isinstance(each, Request))
        ids = tuple(each.id for each in requests)
        open_request = OpenRequest(ids=ids, is_batch=True, tells_more=len(ids) < len(members))
        if (refusal := self._refusal(open_request)) is not None:
            await self.refuse(refusal)
        elif open_request.ids:
            self._start(open_request, self._asking_legacy(line, requests, open_request))
        else:
            await self._tell(partial(self._legacy.tell, line), len(line))

    def _refusal(self, open_request: OpenRequest) -> RpcError | None:
        taken = [each for each in open_request.ids if each in self._open_requests or open_request.ids.count(each) > 1]
        if taken:
            return InvalidRequest(f"the id {taken[0].decode()} is in use by a call in flight")
        if len(self._open_requests) + len(open_request.ids) > MAX_IN_FLIGHT:
            return Overloaded(f"{MAX_IN_FLIGHT} requests are in flight already")
        return None

    def _cancel(self, notification: Notification) -> bool:
        """Let the client's cancellation take effect here, and say whether the gateway has to be told of it.

        A modern request is cancelled by closing it (2026-07-28, Streamable HTTP, Cancellation).
        """
        message_id = bytes(notification.params.get("requestId", msgspec.Raw()))
        open_request = self._open_requests.get(message_id)
        if open_request is None:
            return self._legacy.revision is not None
        open_request.renounce(message_id)
        if open_request.is_begun and not open_request.is_modern:
            return True
        open_request.drop_unwanted()
        del self._open_requests[message_id]  # to the client its id is free from here on
        return False

    def _start(self, open_request: OpenRequest, ask: Work) -> None:
        self._open_requests.update(dict.fromkeys(open_request.ids, open_request))
        self._calls.start_soon(self._carry, open_request, ask)

    async def _carry(self, open_request: OpenRequest, ask: Work) -> None:
        reason = "its answer does not hold what was asked"
        try:
            with open_request.scope:
                await ask()
        except LinkFailed as failure:
            reason = failure.reason
            log.info("request_failed", gateway=self._carrier.origin, reason=reason)
        finally:
            for each in open_request.ids:
                if self._open_requests.get(each) is open_request:
                    del self._open_requests[each]
        errors = open_request.failed(self._carrier.origin, reason)
        if errors is not None and not open_request.scope.cancelled_caught:
            await self._write(errors)

    def _asking_legacy(self, line: bytes, requests: tuple[Request, ...], open_request: OpenRequest) -> Work:
        before = self._last_told

        async def ask() -> None:
            open_request.is_begun = True
            try:
                await self._legacy.ask(open_request.still_wanted(line), requests, open_request)
            except NobodyListens:
                open_request.is_begun = False
                open_request.drop_unwanted()
                raise

        patient = self._patient(ask)

        async def ask_in_turn() -> None:
            await before.wait()
            await patient()

        return ask_in_turn

    async def _tell(self, tell: Work, size: int) -> None:
        """Have the gateway told something of `size` bytes after all that it is to be told before."""
        before, is_idle = self._last_told, not self._untold
        self._untold.append((self._in_order(tell), size))
        self._untold_bytes += size
        if is_idle:
            self._calls.start_soon(self._carry_untold)
        if len(self._untold) > MAX_UNTOLD or self._untold_bytes > MAX_UNTOLD_BYTES:
            await before.wait()

    async def _carry_untold(self) -> None:
        while self._untold:
            tell, size = self._untold[0]
            try:
                await tell()
            except LinkFailed as failure:
                log.warning("message_lost", gateway=self._carrier.origin, reason=failure.reason)
            self._untold.popleft()
            self._untold_bytes -= size

    def _in_order(self, work: Work) -> Work:
        """`work`, after all that the gateway is to be told before; what it is to be told later waits for it."""
        before, self._last_told = self._last_told, trio.Event()
        patient, done = self._patient(work), self._last_told

        async def in_order() -> None:
            try:
                await before.wait()
                await patient()
            finally:
                done.set()

        return in_order

    def _patient(self, work: Work) -> Work:
        """`work`, as often as it takes until the gateway is there, in the time that begins now."""
        gateway = self._carrier.gateway
        return partial(gateway.carry, work, gateway.until())
