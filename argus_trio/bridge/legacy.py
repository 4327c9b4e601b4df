"""A legacy client's session with the gateway: opened by its `initialize`, opened again when it is lost, and ended.

(2025-11-25, Streamable HTTP: Session Management, Listening for Messages, Resumability and Redelivery.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs
import msgspec
import structlog
import trio

from argus_trio.bridge.carrier import AnswerStream, Carrier, GatewayMessage, GatewaySessionLost
from argus_trio.bridge.open_request import OpenRequest
from argus_trio.bridge.pipes import Write
from argus_trio.bridge.wished_settings import WishedSetting, WishedSettings
from argus_trio.errors import HttpRefused, LinkFailed
from argus_trio.net.reconnect import Reconnect, ReconnectPace, is_final
from argus_trio.wire import headers as names
from argus_trio.wire.envelope import Request, Response, decode_object, decode_string
from argus_trio.wire.headers import Headers
from argus_trio.wire.sse import EventParser

log = structlog.get_logger()

GOODBYE_S: Final = 0.5
"""The deadline for the DELETE that ends a session."""
REOPEN_S: Final = 30.0
"""The deadline for a lost session to be opened again."""
RESUMING: Final = ReconnectPace(first_seconds=0.5, longest_seconds=0.5, least_seconds=0.1, tries=4)
"""A request's own stream: someone waits for its answer, so the wait does not grow, and soon it has failed."""
LISTENING: Final = ReconnectPace(first_seconds=0.5, longest_seconds=5.0, least_seconds=0.1)
"""The session's own stream: never given up, and soon open again once a gateway that was restarted is back."""
ASKING_AGAIN: Final = ReconnectPace(first_seconds=0.5, longest_seconds=5.0, least_seconds=0.1, tries=12)
"""What a new session is asked for once more because the lost one had granted it.

For almost a minute: the backends of a gateway that has just begun are late."""


@attrs.frozen(kw_only=True)
class GatewaySession:
    """What was agreed with the gateway. `id` is None if the other side has no sessions."""

    id: str | None = attrs.field(default=None, repr=False)
    revision: str

    @property
    def headers(self) -> Headers:
        """What every later request carries."""
        version = (names.PROTOCOL_VERSION, self.revision)
        return (version,) if self.id is None else (version, (names.SESSION_ID, self.id))


@attrs.define(eq=False, kw_only=True)
class Legacy:
    """The legacy side of the bridge; `nursery` holds the session's own stream."""

    _carrier: Carrier
    _write: Write
    _nursery: trio.Nursery
    _hello: tuple[bytes, bytes] = attrs.field(default=(b"", b""), init=False, repr=False)
    """The client's `initialize`, and its id."""
    _initialized: bytes | None = attrs.field(default=None, init=False, repr=False)
    _session: GatewaySession | None = attrs.field(default=None, init=False)
    _heard: GatewaySession | None = attrs.field(default=None, init=False)
    """The session whose own stream is, or was, opened."""
    _wishes: WishedSettings = attrs.field(factory=WishedSettings, init=False)
    _reopening: trio.Lock = attrs.field(factory=trio.Lock, init=False)

    @property
    def revision(self) -> str | None:
        """The negotiated revision, None without a session."""
        return None if self._session is None else self._session.revision

    async def open(self, hello: bytes, flight: OpenRequest) -> None:
        """Post the client's `initialize`, which ends a session that there is. Raises `LinkFailed`."""
        await self.aclose()
        async with self._carrier.post(hello, wanted=flight.ids[0]) as answer:
            while not flight.is_settled and (said := await answer.next()) is not None:
                session = _session_in(said, flight, answer)
                if session is not None:
                    # Before the client reads the answer: what it says next belongs to the session.
                    self._session, self._hello, self._initialized = session, (hello, flight.ids[0]), None
                    self._wishes = WishedSettings()
                await self._write(flight.settle(said))

    async def ask(self, body: bytes, requests: Sequence[Request], flight: OpenRequest) -> None:
        """Post a request, or a batch with `requests`; again if the session proves lost.

        Raises:
            LinkFailed: it may be open still.
        """
        session = self._session
        try:
            await self._ask(session, body, flight)
        except GatewaySessionLost:
            await self._ask(await self._reopen(session), body, flight)
        for request in requests:
            if request.id in flight.granted:
                self._wishes.granted(request)

    async def tell(self, body: bytes) -> None:
        """Post what is not answered: a notification, a response, or a batch of them. Raises `LinkFailed`."""
        await self._carrier.tell(body, () if self._session is None else self._session.headers)

    async def initialized(self, body: bytes) -> None:
        """Post the client's `notifications/initialized`, and open the session's own stream. Raises `LinkFailed`."""
        self._initialized = body
        await self.tell(body)
        self._listen()

    async def aclose(self) -> None:
        """End the session, if there is one, within `GOODBYE_S`, cancelled or not."""
        session, self._session = self._session, None
        if session is not None and session.id is not None:
            with trio.move_on_after(GOODBYE_S, shield=True):
                await self._carrier.delete(session.headers)

    async def _ask(self, session: GatewaySession | None, body: bytes, flight: OpenRequest) -> None:
        headers = () if session is None else session.headers
        parser = EventParser()
        wanted = b"null" if flight.is_batch else flight.ids[0]
        try:
            async with self._carrier.post(body, headers, wanted=wanted, parser=parser) as answer:
                await flight.hear(answer, self._write)
        except LinkFailed:
            if not parser.last_id:
                raise
        if not flight.is_settled and parser.last_id:
            await self._resume(headers, parser, flight)

    async def _resume(self, headers: Headers, parser: EventParser, flight: OpenRequest) -> None:
        reconnect = Reconnect(RESUMING)
        while not flight.is_settled and not reconnect.is_given_up:
            last_id = parser.last_id
            await trio.sleep(reconnect.wait_seconds(parser.retry))
            try:
                async with self._carrier.get(headers, parser) as answer:
                    await flight.hear(answer, self._write)
            except GatewaySessionLost:
                # Not to be repeated: the request itself was executed, or at least begun.
                raise LinkFailed("the session was lost while the request was under way") from None
            except LinkFailed as failure:
                if is_final(failure):
                    raise
                log.debug("stream_broke", reason=failure.reason)
            reconnect.ended(has_brought=parser.last_id != last_id)

    async def _reopen(self, lost: GatewaySession | None) -> GatewaySession:
        """The session in place of `lost`, opened by the client's own greeting if nobody else has done so meanwhile.

        Raises:
            LinkFailed: there is none.
        """
        async with self._reopening:
            if self._session is None or self._session is not lost:
                if self._session is None:
                    raise GatewaySessionLost
                return self._session
            with trio.move_on_after(REOPEN_S):
                session = await self._greet_again(lost)
                log.info("session_opened_again", gateway=self._carrier.whereto)
                return session
            raise LinkFailed(f"the session is gone, and was not opened again within {REOPEN_S:g} s")

    async def _greet_again(self, lost: GatewaySession) -> GatewaySession:
        hello, hello_id = self._hello
        flight = OpenRequest(ids=(hello_id,))
        session: GatewaySession | None = None
        async with self._carrier.post(hello, wanted=hello_id) as answer:
            message = await self._answer_to(flight, answer)
            if message is not None:
                session = _session_in(message, flight, answer)
        if session is None:
            raise LinkFailed("the session is gone, and the gateway does not open another")
        if session.revision != lost.revision:
            raise LinkFailed(f"the session is gone, and the gateway speaks {lost.revision} no more")
        if self._initialized is not None:
            await self._carrier.tell(self._initialized, session.headers)
        if self._wishes.level is not None:
            await self._is_granted(self._wishes.level, session)
        self._session = session
        if self._initialized is not None:
            self._listen()
        for wish in self._wishes.subscriptions:
            self._nursery.start_soon(self._wish_again, wish, session)
        return session

    async def _answer_to(self, flight: OpenRequest, answer: AnswerStream) -> GatewayMessage | None:
        """What a request is answered that the client knows nothing of, or has had its answer to long ago."""
        while (said := await answer.next()) is not None:
            raw = flight.settle(said)
            if flight.is_settled:
                return said
            await self._write(raw)
        return None

    async def _wish_again(self, wish: WishedSetting, session: GatewaySession) -> None:
        asking = Reconnect(ASKING_AGAIN)
        while not asking.is_given_up:
            if self._session is not session or not self._wishes.hold(wish) or await self._is_granted(wish, session):
                return
            asking.ended(has_brought=False)
            await trio.sleep(asking.wait_seconds())
        log.warning("subscription_lost", gateway=self._carrier.whereto)

    async def _is_granted(self, wish: WishedSetting, session: GatewaySession) -> bool:
        flight = OpenRequest(ids=(wish.id,))
        try:
            async with self._carrier.post(wish.body, session.headers, wanted=wish.id) as answer:
                await self._answer_to(flight, answer)
        except LinkFailed as failure:
            log.debug("wish_not_granted", reason=failure.reason)
        return wish.id in flight.granted

    def _listen(self) -> None:
        # One stream for each session: of two, the gateway would close the other each time.
        if self._session is not None and self._session is not self._heard:
            self._heard = self._session
            self._nursery.start_soon(self._keep_listening, self._session)

    async def _keep_listening(self, session: GatewaySession) -> None:
        parser = EventParser()
        reconnect = Reconnect(LISTENING)
        is_known = False
        while self._session is session:
            has_brought = False
            try:
                async with self._carrier.get(session.headers, parser) as answer:
                    is_known = True
                    while (said := await answer.next()) is not None:
                        has_brought = True
                        await self._write(said.raw)
            except GatewaySessionLost:
                if not is_known or await self._is_replaced(session):
                    return
            except LinkFailed as failure:
                if isinstance(failure, HttpRefused) and is_final(failure):
                    log.debug("gateway_has_no_stream", status=failure.status)
                    return
                log.debug("stream_broke", reason=failure.reason)
            reconnect.ended(has_brought=has_brought)
            await trio.sleep(reconnect.wait_seconds(parser.retry))

    async def _is_replaced(self, session: GatewaySession) -> bool:
        """Whether the session could be opened again, which gives it another stream."""
        try:
            await self._reopen(session)
        except LinkFailed as failure:
            log.debug("session_not_opened_again", reason=failure.reason)
            return False
        return True


def _session_in(said: GatewayMessage, flight: OpenRequest, answer: AnswerStream) -> GatewaySession | None:
    """The session that the answer to `initialize` opens, if it is in what was said. Raises `LinkFailed`."""
    for message in said.messages:
        if isinstance(message, Response) and message.id == flight.ids[0]:
            try:
                revision = decode_string(decode_object(message.result).get("protocolVersion", b"0"))
            except msgspec.DecodeError:
                raise LinkFailed("its answer to initialize names no protocol version") from None
            return GatewaySession(id=answer.session_id, revision=revision)
    return None
