"""A modern client's requests, each a POST with the headers that its stdio transport does not have (2026-07-28)."""

from __future__ import annotations

import contextlib

import attrs
import msgspec

from argus_trio.bridge.carrier import Carrier, GatewayMessage
from argus_trio.bridge.open_request import OpenRequest
from argus_trio.bridge.pipes import Write
from argus_trio.wire import request_meta
from argus_trio.wire.envelope import Notification, Request, Response, decode_array, decode_object, decode_string
from argus_trio.wire.headers import Headers, routing_headers
from argus_trio.wire.param_headers import ParamHeaders, invalid_param_header, param_headers, render_param_headers


def revision_of(message: Request | Notification) -> str | None:
    """The revision that the message itself names in its `_meta`, as only modern ones do."""
    try:
        return decode_string(decode_object(message.params.get("_meta", b"0")).get(request_meta.PROTOCOL_VERSION, b"0"))
    except msgspec.DecodeError:
        return None


@attrs.define(eq=False, repr=False)
class Modern:
    """The modern side of the bridge: every message stands alone, so nothing is remembered but what tools want."""

    _carrier: Carrier
    _write: Write
    _wanted: dict[str, ParamHeaders] = attrs.field(factory=dict, init=False)
    """The tools that are known to want headers of their own."""

    async def ask(self, body: bytes, request: Request, revision: str, open_request: OpenRequest) -> None:
        """Post a request; cancelling it closes it. Raises `LinkFailed`."""
        async with self._carrier.post(body, self._headers(request, revision), wanted=request.id) as answer:
            while not open_request.is_settled and (message := await answer.next()) is not None:
                if request.method == "tools/list":
                    self._learn(message)
                await self._write(open_request.settle(message))

    async def tell(self, body: bytes, notification: Notification, revision: str) -> None:
        """Post a notification. Raises `LinkFailed`."""
        await self._carrier.tell(body, self._headers(notification, revision))

    def _headers(self, message: Request | Notification, revision: str) -> Headers:
        routing = routing_headers(revision, message.method, message.params)
        if message.method != "tools/call" or not self._wanted:
            return routing
        try:
            wanted = self._wanted.get(decode_string(message.params.get("name", b"0")), ())
        except msgspec.DecodeError:
            return routing
        return (*routing, *render_param_headers(wanted, message.params.get("arguments", b"{}")))

    def _learn(self, message: GatewayMessage) -> None:
        for member in message.messages:
            if isinstance(member, Response):
                with contextlib.suppress(msgspec.DecodeError):  # a list that cannot be read is the client's to judge
                    self._learn_tools(member.result)

    def _learn_tools(self, result: bytes) -> None:
        for each in decode_array(decode_object(result).get("tools", b"[]")):
            tool = decode_object(each)
            name, schema = decode_string(tool.get("name", b"0")), tool.get("inputSchema", b"{}")
            if (wanted := param_headers(schema)) and invalid_param_header(schema) is None:
                self._wanted[name] = wanted
            else:
                self._wanted.pop(name, None)
