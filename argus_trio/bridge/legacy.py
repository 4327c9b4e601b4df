"""A legacy client's session with the gateway: opened by its `initialize`, opened again when it is lost, and ended.

(2025-11-25, Streamable HTTP: Session Management, Resumability and Redelivery.)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import attrs
import structlog
import trio

from argus_trio.bridge.carrier import AnswerStream, Carrier, GatewayMessage, GatewaySessionLost
from argus_trio.bridge.gateway_session import GatewaySession, Initialize, session_in
from argus_trio.bridge.open_request import OpenRequest
from argus_trio.bridge.pipes import Write
from argus_trio.bridge.standalone_stream import GatewayStream
from argus_trio.bridge.wished_settings import WishedSetting, WishedSettings
from argus_trio.errors import LinkFailed
from argus_trio.net.reconnect import Reconnect, ReconnectPace, is_final
from argus_trio.wire.envelope import Request
from argus_trio.wire.event_stream import EventParser
from argus_trio.wire.headers import Headers

log = structlog.get_logger()

GOODBYE_SECONDS: Final = 0.5
"""The deadline for the DELETE that ends a session: clients soon lose patience with a bridge that is to leave."""
REOPEN_SECONDS: Final = 30.0
"""The deadline for a lost session to be opened again: a gateway that is restarted is back by then."""
RESUMING: Final = ReconnectPace(first_seconds=0.5, longest_seconds=0.5, least_seconds=0.1, tries=4)
"""A request's own stream: someone waits for its answer, so the wait does not grow, and soon the request has failed."""
ASKING_AGAIN: Final = ReconnectPace(first_seconds=0.5, longest_seconds=5.0, least_seconds=0.1, tries=12)
"""How a new session is asked for what the lost one had granted.

For almost a minute: the backends of a gateway that has just begun are late."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Legacy:
    """The legacy side of the bridge; `nursery` holds the session's standalone stream."""

    _carrier: Carrier
    _write: Write
    _nursery: trio.Nursery
    _initialized: bytes | None = attrs.field(default=None, init=False, repr=False)
    """The client's `notifications/initialized`."""
    _session: GatewaySession | None = attrs.field(default=None, init=False)
    _listened: GatewaySession | None = attrs.field(default=None, init=False)
    """The session whose standalone stream is, or was, opened."""
    _wished: WishedSettings = attrs.field(factory=WishedSettings, init=False)
    _reopening: trio.Lock = attrs.field(factory=trio.Lock, init=False)

    @property
    def revision(self) -> str | None:
        """The negotiated revision, None without a session."""
        return None if self._session is None else self._session.revision

    async def open(self, body: bytes, open_request: OpenRequest) -> None:
        """Post the client's `initialize`, which ends a session that there is. Raises `LinkFailed`."""
        await self.aclose()
        initialize = Initialize(body=body, id=open_request.ids[0])
        async with self._carrier.post(body, wanted=initialize.id) as answer:
            while not open_request.is_settled and (message := await answer.next()) is not None:
                session = session_in(message, initialize, answer)
                if session is not None:
                    # Before the client reads the answer: what it says next belongs to the session.
                    self._session, self._initialized = session, None
                    self._wished = WishedSettings()
                await self._write(open_request.settle(message))

    async def ask(self, body: bytes, requests: Sequence[Request], open_request: OpenRequest) -> None:
        """Post a request, or a batch with `requests`; again if the session proves lost.

        Raises:
            LinkFailed: it may be open still.
        """
        session = self._session
        try:
            await self._ask(session, body, open_request)
        except GatewaySessionLost:
            await self._ask(await self._reopen(session), body, open_request)
        for request in requests:
            if request.id in open_request.granted:
                self._wished.granted(request)

    async def tell(self, body: bytes) -> None:
        """Post what is not answered: a notification, a response, or a batch of them. Raises `LinkFailed`."""
        await self._carrier.tell(body, () if self._session is None else self._session.headers)

    async def initialized(self, body: bytes) -> None:
        """Post the client's `notifications/initialized`, and open the standalone stream. Raises `LinkFailed`."""
        self._initialized = body
        await self.tell(body)
        self._listen()

    async def aclose(self) -> None:
        """End the session, if there is one, within `GOODBYE_SECONDS`, cancelled or not."""
        session, self._session = self._session, None
        if session is not None and session.id is not None:
            with trio.move_on_after(GOODBYE_SECONDS, shield=True):
                await self._carrier.delete(session.headers)

    async def _ask(self, session: GatewaySession | None, body: bytes, open_request: OpenRequest) -> None:
        headers = () if session is None else session.headers
        parser = EventParser()
        wanted = b"null" if open_request.is_batch else open_request.ids[0]
        try:
            async with self._carrier.post(body, headers, wanted=wanted, parser=parser) as answer:
                await open_request.relay(answer, self._write)
        except LinkFailed:
            if not parser.last_id:
                raise
        if not open_request.is_settled and parser.last_id:
            await self._resume(headers, parser, open_request)

    async def _resume(self, headers: Headers, parser: EventParser, open_request: OpenRequest) -> None:
        reconnect = Reconnect(RESUMING)
        while not open_request.is_settled and not reconnect.is_given_up:
            last_id = parser.last_id
            await trio.sleep(reconnect.wait_seconds(parser.retry))
            try:
                async with self._carrier.get(headers, parser) as answer:
                    await open_request.relay(answer, self._write)
            except GatewaySessionLost:
                # Not to be repeated: the request itself was executed, or at least begun.
                raise LinkFailed("the session was lost while the request was under way") from None
            except LinkFailed as failure:
                if is_final(failure):
                    raise
                log.debug("stream_broke", reason=failure.reason)
            reconnect.ended(has_brought=parser.last_id != last_id)

    async def _reopen(self, lost: GatewaySession | None) -> GatewaySession:
        """The session in place of `lost`, opened by the client's own `initialize` unless another task has done so.

        Raises:
            LinkFailed: there is none.
        """
        async with self._reopening:
            if self._session is None or self._session is not lost:
                if self._session is None:
                    raise GatewaySessionLost
                return self._session
            with trio.move_on_after(REOPEN_SECONDS):
                session = await self._initialize_again(lost)
                log.info("session_opened_again", gateway=self._carrier.origin)
                return session
            raise LinkFailed(f"the session is gone, and was not opened again within {REOPEN_SECONDS:g} s")

    async def _initialize_again(self, lost: GatewaySession) -> GatewaySession:
        initialize = lost.initialize
        open_request = OpenRequest(ids=(initialize.id,))
        session: GatewaySession | None = None
        async with self._carrier.post(initialize.body, wanted=initialize.id) as answer:
            message = await self._answer_to(open_request, answer)
            if message is not None:
                session = session_in(message, initialize, answer)
        if session is None:
            raise LinkFailed("the session is gone, and the gateway does not open another")
        if session.revision != lost.revision:
            raise LinkFailed(f"the session is gone, and the gateway speaks {lost.revision} no more")
        if self._initialized is not None:
            await self._carrier.tell(self._initialized, session.headers)
        if self._wished.level is not None:
            await self._is_granted(self._wished.level, session)
        self._session = session
        if self._initialized is not None:
            self._listen()
        for setting in self._wished.subscriptions:
            self._nursery.start_soon(self._ask_again, setting, session)
        return session

    async def _answer_to(self, open_request: OpenRequest, answer: AnswerStream) -> GatewayMessage | None:
        """What a request is answered that the client knows nothing of, or has had its answer to long ago."""
        while (message := await answer.next()) is not None:
            raw = open_request.settle(message)
            if open_request.is_settled:
                return message
            await self._write(raw)
        return None

    async def _ask_again(self, setting: WishedSetting, session: GatewaySession) -> None:
        asking = Reconnect(ASKING_AGAIN)
        while not asking.is_given_up:
            if not self._is_current(session) or not self._wished.holds(setting):
                return
            if await self._is_granted(setting, session):
                return
            asking.ended(has_brought=False)
            await trio.sleep(asking.wait_seconds())
        log.warning("subscription_lost", gateway=self._carrier.origin)

    async def _is_granted(self, setting: WishedSetting, session: GatewaySession) -> bool:
        open_request = OpenRequest(ids=(setting.id,))
        try:
            async with self._carrier.post(setting.body, session.headers, wanted=setting.id) as answer:
                await self._answer_to(open_request, answer)
        except LinkFailed as failure:
            log.debug("wish_not_granted", reason=failure.reason)
        return setting.id in open_request.granted

    def _listen(self) -> None:
        # One stream for each session: of two, the gateway would close the other each time.
        session = self._session
        if session is not None and session is not self._listened:
            self._listened = session
            stream = GatewayStream(
                carrier=self._carrier,
                write=self._write,
                session=session,
                is_current=partial(self._is_current, session),
                replace=partial(self._is_replaced, session),
            )
            self._nursery.start_soon(stream.keep_open)

    def _is_current(self, session: GatewaySession) -> bool:
        return self._session is session

    async def _is_replaced(self, session: GatewaySession) -> bool:
        """Whether the session could be opened again, which gives it another stream."""
        try:
            await self._reopen(session)
        except LinkFailed as failure:
            log.debug("session_not_opened_again", reason=failure.reason)
            return False
        return True
