"""The modern edge of `/mcp`: POST of revision 2026-07-28, without sessions; a client that goes cancels its call."""

from __future__ import annotations

from functools import partial
from typing import Final

import attrs
import msgspec

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.call.abilities import ANYBODY, NONE, Audience, read_declared
from argus_trio.core.call.exchange import Call
from argus_trio.core.call.levels import LEVELS
from argus_trio.core.memory import LARGE_ANSWER_BYTES, Memory
from argus_trio.errors import InvalidParams, InvalidRequest, Overloaded, RevisionUnsupported
from argus_trio.frontend.edges.large_answers import written_large
from argus_trio.frontend.edges.subscriptions_listen import WatchFunctions, asked_of, listen
from argus_trio.frontend.gateway import Gateway, ParamHeadersOf
from argus_trio.frontend.http.header_names import ACCEPT
from argus_trio.frontend.http.keep_alive import KeepAlive
from argus_trio.frontend.http.negotiation import Accepts, require_events_accepted
from argus_trio.frontend.http.reply import Reply, answer_at_once
from argus_trio.frontend.http.request import IncomingRequest
from argus_trio.frontend.identity import discover_result, server_info
from argus_trio.frontend.input_required.exchange import AskingRequest, PlainExchange
from argus_trio.frontend.input_required.parked_call import ParkedCall
from argus_trio.frontend.input_required.parking import ASKING, Parking
from argus_trio.frontend.input_required.request_state import STATE
from argus_trio.frontend.notifications.announcer import Announcer
from argus_trio.frontend.notifications.outbox import Outbox
from argus_trio.frontend.outcome import Outcome, error_response, http_status, outcome_of
from argus_trio.per_call import PerCallValue
from argus_trio.wire import envelope
from argus_trio.wire.envelope import (
    Message,
    Notification,
    Raw,
    decode_object,
    decode_string,
    encode,
    encode_response,
)
from argus_trio.wire.headers import check_routing_headers
from argus_trio.wire.members import has_member, string_member
from argus_trio.wire.param_headers import check_param_headers
from argus_trio.wire.request_meta import CLIENT_CAPABILITIES, CLIENT_INFO, LOG_LEVEL, PROTOCOL_VERSION
from argus_trio.wire.results import RESERVED, for_modern_client
from argus_trio.wire.revisions import MODERN_REVISIONS, Era

SUPPORTED: Final = MODERN_REVISIONS
"""The revisions that are told to a client that asks for another one: the same as at `server/discover`."""


class ModernRequest(PerCallValue, frozen=True, kw_only=True):
    """One request: the call, without what it says of its client for this hop alone."""

    id: bytes
    call: Call
    progress_token: Raw | None


@attrs.define(eq=False, repr=False, kw_only=True)
class ModernEdge:
    """The stateless side of the endpoint. `post` raises an `RpcError` for what is no call."""

    gateway: Gateway
    announcer: Announcer
    keep_alive: KeepAlive
    parking: Parking
    memory: Memory
    _server_info: bytes = attrs.field(init=False)
    """The gateway's `Implementation`, which every result carries: who it is does not change while it runs."""

    def __attrs_post_init__(self) -> None:
        self._server_info = server_info(self.gateway.identity(ANYBODY))

    async def post(self, http: IncomingRequest, accepted: Accepts, message: Message) -> None:
        """Answer one posted message."""
        if isinstance(message, Notification):
            await http.answer(202)
            return
        if not isinstance(message, envelope.Request):
            raise InvalidRequest("a client must not post responses at this revision")
        request = read_request(message, principal=http.principal, endpoint=http.endpoint, address=http.address)
        call = request.call
        check_routing_headers(
            http.fields, method=call.method, params=message.params, revision=call.revision, repeated=http.repeated
        )
        if call.revision not in MODERN_REVISIONS:
            raise RevisionUnsupported(call.revision, SUPPORTED)
        if call.method == "server/discover":
            result = discover_result(self.gateway.identity(_audience_of(call)))
            await answer_at_once(http, encode_response(request.id, result), takes_json=accepted.json)
        elif call.method == "subscriptions/listen":
            require_events_accepted(http.fields.get(ACCEPT))
            watches = WatchFunctions(
                _audience_of(call), partial(self.gateway.watch, call), partial(self.gateway.watch_tasks, call)
            )
            self.memory.require_room()
            asked = asked_of(call)
            await self._let_pass(call)
            outbox = Outbox(memory=self.memory)
            await listen(http, request.id, asked, outbox=outbox, announcer=self.announcer, watches=watches)
        else:
            await self._call(http, accepted, request)

    async def _let_pass(self, call: Call) -> None:
        """Have the middleware judge a request that is not answered by its end. Raises what it is refused with."""
        outcome = await outcome_of(self.gateway.handler, PlainExchange(call, AskingRequest(_unheard, None, None)))
        if outcome.error is not None:
            raise outcome.error

    async def _call(self, http: IncomingRequest, accepted: Accepts, request: ModernRequest) -> None:
        call: Call | ParkedCall = request.call
        if request.call.method == "tools/call" and self.gateway.param_headers is not None:
            await self._check_param_headers(http, request.call, self.gateway.param_headers)
        if request.call.method in ASKING and (request.call.abilities is not NONE or STATE in request.call.params):
            call = self._parked(request.call)
        with Reply(
            request=http, keep_alive=self.keep_alive, may_stream=accepted.events, takes_json=accepted.json
        ) as reply:
            asking_request = AskingRequest(reply.notify, request.progress_token, request.call.log_level)
            if isinstance(call, ParkedCall):
                outcome = await self._attend(http, call, asking_request)
            else:
                outcome = await self._serve(http, call, asking_request)
            if outcome is None:
                return
            if outcome.error is not None:
                error = error_response(request.id, outcome.error, Era.MODERN)
                await reply.finish(error, status=http_status(outcome.error), headers=outcome.error.http_headers)
                return
            result = for_modern_client(request.call.method, outcome.result or b"{}", self._server_info)
            answer = encode_response(request.id, result)
            if len(answer) <= LARGE_ANSWER_BYTES:
                await reply.finish(answer)
                return
            del outcome, result  # once is enough, for as long as the client reads
            with written_large(self.memory, answer) as kept:
                await reply.finish(kept, status=200 if kept is answer else Overloaded.http_status)

    def _parked(self, call: Call) -> Call | ParkedCall:
        """A call that may be answered with a request for input: begun and parked already if its client can be asked."""
        found: Call | ParkedCall = self.parking.reopened(call) if STATE in call.params else call
        return self.parking.begin(found) if isinstance(found, Call) and found.abilities.has_any else found

    async def _serve(self, http: IncomingRequest, call: Call, asking_request: AskingRequest) -> Outcome | None:
        """The outcome of a call that runs in this task; None if the client has gone."""
        exchange = PlainExchange(call, asking_request)
        http.disconnects.on_disconnect(exchange.lose)
        outcome = await outcome_of(self.gateway.handler, exchange)
        http.disconnects.on_disconnect(None)
        if exchange.is_lost:
            return None
        return self.parking.relayed(call, outcome)

    async def _attend(self, http: IncomingRequest, parked: ParkedCall, asking_request: AskingRequest) -> Outcome | None:
        """What this request of a parked call's client is answered with; None if the client has gone."""
        outcome = await parked.attend(asking_request, http.disconnects)
        if parked.is_away:
            return Outcome(result=self.parking.input_required(parked))
        return None if outcome is None else self.parking.relayed(parked.call, outcome)

    async def _check_param_headers(self, http: IncomingRequest, call: Call, wanted_by: ParamHeadersOf) -> None:
        """Compare the headers that the tool's own schema asks for with the arguments. Raises `HeaderMismatch`."""
        name = string_member(call.params, "name")
        if name is None:
            return
        wanted = await wanted_by(call, name)
        if wanted:
            check_param_headers(http.headers, wanted, call.params.get("arguments", Raw(b"{}")))


async def _unheard(_: bytes) -> None:
    """Drop a notification: the request that it belongs to is not begun."""


def has_request_meta(message: Message) -> bool:
    """Whether the message itself says that it is modern, whatever its headers say."""
    return isinstance(message, envelope.Request) and has_member(message.params.get("_meta"), PROTOCOL_VERSION)


def read_request(
    message: envelope.Request, *, principal: Principal = ANONYMOUS, endpoint: str = "", address: str = ""
) -> ModernRequest:
    """Take what the request says of its client (2026-07-28, Per-request protocol fields) out of its params.

    It came from `address`.

    Raises:
        InvalidParams: `_meta` or one of the required keys is missing, or not what it must be; or an unknown log level.
    """
    params = dict(message.params)
    try:
        meta = decode_object(params.pop("_meta", b"0"))
        revision = decode_string(meta.get(PROTOCOL_VERSION, b"0"))
        capabilities, abilities = read_declared(bytes(meta.get(CLIENT_CAPABILITIES, b"0")))
    except msgspec.DecodeError:
        raise InvalidParams(
            f'params._meta must hold a string "{PROTOCOL_VERSION}" and an object "{CLIENT_CAPABILITIES}"'
        ) from None
    log_level = _log_level(meta[LOG_LEVEL]) if LOG_LEVEL in meta else None
    left = {key: value for key, value in meta.items() if not key.startswith(RESERVED)}
    if left:
        params["_meta"] = Raw(encode(left))
    call = Call(
        method=message.method,
        params=params,
        era=Era.MODERN,
        revision=revision,
        principal=principal,
        endpoint=endpoint,
        capabilities=capabilities,
        abilities=abilities,
        log_level=log_level,
        client_info=bytes(meta.get(CLIENT_INFO, b"")),
        address=address,
    )
    return ModernRequest(id=message.id, call=call, progress_token=left.get("progressToken"))


def _audience_of(call: Call) -> Audience:
    return Audience(abilities=call.abilities, principal=call.principal, endpoint=call.endpoint)


def _log_level(raw: Raw) -> str:
    try:
        level = decode_string(raw)
    except msgspec.DecodeError:
        level = ""
    if level not in LEVELS:
        raise InvalidParams(f'"{LOG_LEVEL}" must be one of {", ".join(LEVELS)}')
    return level
