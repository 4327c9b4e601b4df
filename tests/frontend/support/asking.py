"""A fake of what is behind the front end that asks its clients back, and clients that answer by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import attrs
import msgspec
import trio

from argus_trio.core.call.exchange import Exchange
from argus_trio.errors import ClientCannotAnswer, ClientRefused
from argus_trio.frontend.sessions.session import HttpSession, Session
from argus_trio.wire.envelope import decode_object, encode, encode_raw
from tests.frontend.support.serving import BOTH, JSON, Backstage, Client, Served, call, events_in, post, rpc
from tests.frontend.support.streams import counts

ALL = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {"listChanged": True}}
ELICITATION: dict[str, object] = {"message": "?", "requestedSchema": {"type": "object", "properties": {}}}
SAMPLING: dict[str, object] = {"messages": [], "maxTokens": 1}
ASKS: dict[str, dict[str, object]] = {
    "elicitation/create": ELICITATION,
    "sampling/createMessage": SAMPLING,
    "roots/list": {},
}


@attrs.define
class Asker(Backstage):
    """Its tools ask; `outcomes` is how each ask ended: the raw result, the client's raw error, or why it could not."""

    outcomes: list[bytes | str] = attrs.field(factory=list)
    limit: float | None = None
    """How long an ask may take, in seconds."""

    async def tool(self, exchange: Exchange, name: str) -> bytes:
        match name:
            case "ask":
                arguments = decode_object(exchange.call.params["arguments"])
                outcome = await self.ask(exchange, msgspec.json.decode(arguments["method"]), arguments["params"])
                return encode({"content": [{"type": "text", "text": outcome}]})
            case "count":
                for number in range(3):
                    await exchange.notify(
                        "notifications/message", {"level": encode_raw("info"), "data": encode_raw(number)}
                    )
                return await super().tool(exchange, "wait")
            case "late":
                try:
                    return await super().tool(exchange, "wait")
                finally:
                    with trio.move_on_after(1, shield=True):
                        await exchange.notify("notifications/message", {"data": encode_raw("late")})
            case _:
                return await super().tool(exchange, name)

    async def ask(self, asked: Exchange | Session, method: str, params: msgspec.Raw) -> str:
        """Ask, and note how it ended."""
        outcome: bytes | str
        with trio.move_on_after(float("inf") if self.limit is None else self.limit):
            try:
                outcome = await asked.ask(method, decode_object(params))
            except ClientRefused as error:
                outcome = error.encoded
            except ClientCannotAnswer as error:
                outcome = str(error)
            self.outcomes.append(outcome)
            return outcome if isinstance(outcome, str) else outcome.decode()
        return "too late"

    def session(self) -> Session:
        """The session of the last call."""
        return cast("Session", self.calls[-1].call.client)

    async def settled(self) -> None:
        """Wait until nothing of any call is left in its session."""
        while not self.is_empty:
            await trio.lowlevel.checkpoint()

    async def uncarried(self) -> None:
        """Wait until no connection carries a stream of the last call's session."""
        session = self.session()
        assert isinstance(session, HttpSession)
        while session.streams.is_busy:
            await trio.lowlevel.checkpoint()

    @property
    def is_empty(self) -> bool:
        sessions = {cast("Session", exchange.call.client) for exchange in self.calls}
        empty = all(not session.calls and not session.client_requests for session in sessions)
        return empty and all(counts(s.streams)[1] == 0 for s in sessions if isinstance(s, HttpSession))


async def greeted(
    served: Served, revision: str = "2025-11-25", capabilities: Mapping[str, object] = ALL
) -> dict[str, str]:
    """The headers of a new session whose client can do this."""
    hello = {"protocolVersion": revision, "capabilities": capabilities, "clientInfo": {"name": "t", "version": "1"}}
    answer = await post(served, rpc("initialize", hello))
    session_id = answer.headers["mcp-session-id"]
    return {"mcp-session-id": session_id, "mcp-protocol-version": revision, "accept": BOTH, "content-type": JSON}


def asking(method: str, params: Mapping[str, object] | None = None, message_id: object = 1) -> bytes:
    """A call of the tool that asks."""
    return call("ask", message_id, arguments={"method": method, "params": ASKS[method] if params is None else params})


async def messages(client: Client, count: int) -> list[dict[str, object]]:
    """The next messages of an event stream, at least so many."""
    stream = b""
    while len(found := events_in(stream)) < count:
        part = await client.part()
        if not part:
            raise EOFError(stream)
        stream += part
    return list(found)


async def answer(served: Served, session: Mapping[str, str], message_id: object, result: object) -> None:
    """Post a client's answer."""
    body = encode({"jsonrpc": "2.0", "id": message_id, "result": result})
    assert (await post(served, body, session)).status == 202


async def own_stream(served: Served, client: Client, session: Mapping[str, str]) -> None:
    """Open the session's own stream on `client`."""
    await client.send("GET", "/mcp", session)
    assert (await client.head())[0] == 200
    await client.part()


async def resumed(served: Served, client: Client, session: Mapping[str, str], event_id: str) -> None:
    """Resume a stream on `client`."""
    await client.send("GET", "/mcp", {**session, "last-event-id": event_id})
    assert (await client.head())[0] == 200


async def first_messages(client: Client, count: int = 1) -> list[dict[str, object]]:
    """The first messages of an answer that is an event stream."""
    status, headers = await client.head()
    assert (status, headers["content-type"]) == (200, "text/event-stream")
    return await messages(client, count)
