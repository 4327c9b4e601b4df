"""A handler that asks its client, and a modern client that answers, message by message."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec
import trio

from argus_trio.core.call.exchange import Exchange
from argus_trio.errors import ClientCannotAnswer, ClientRefused
from argus_trio.wire.envelope import Params, decode_object, encode, encode_raw
from tests.frontend.support.serving import META, Answer, Served, modern_headers, post, rpc

ALL_ABILITIES: Mapping[str, object] = {"elicitation": {"form": {}, "url": {}}, "sampling": {"tools": {}}, "roots": {}}
QUESTION: Params = {"message": encode_raw("who?"), "requestedSchema": encode_raw({"type": "object", "properties": {}})}
ACCEPTED = {"action": "accept", "content": {"name": "ada"}}
ROOTS = {"roots": [{"uri": "file:///a"}]}
SAMPLED = {"role": "assistant", "content": {"type": "text", "text": "Paris"}, "model": "m"}


def text(value: str | bytes) -> bytes:
    """A tool's result that says `value`."""
    shown = value.decode() if isinstance(value, bytes) else value
    return encode({"content": [{"type": "text", "text": shown}]})


@attrs.define
class Asker:
    """A handler whose tools ask, each in its way, and handles on what it does."""

    calls: list[Exchange] = attrs.field(factory=list)
    answered: trio.Event = attrs.field(factory=trio.Event)
    go_on: trio.Event = attrs.field(factory=trio.Event)
    cancelled: trio.Event = attrs.field(factory=trio.Event)

    async def handle(self, exchange: Exchange) -> bytes:
        """Serve `tools/call` by the tool's name, and list no tools."""
        if exchange.call.method == "tools/list":
            return b'{"tools":[]}'
        self.calls.append(exchange)
        name: str = msgspec.json.decode(exchange.call.params.get("name", b'"once"'))
        try:
            served: bytes = await getattr(self, name)(exchange)
        except trio.Cancelled:
            self.cancelled.set()
            raise
        return served

    async def once(self, exchange: Exchange) -> bytes:
        """Ask one thing, and tell the answer or why there is none."""
        try:
            return text(await exchange.ask("elicitation/create", QUESTION))
        except ClientRefused as refused:
            return text(b"refused: " + refused.encoded)
        except ClientCannotAnswer as cannot:
            return text(f"cannot: {cannot.method}")

    async def must(self, exchange: Exchange) -> bytes:
        """Ask one thing that there is no doing without."""
        return text(await exchange.ask("elicitation/create", {**QUESTION, "mode": encode_raw("url")}))

    async def at_once(self, exchange: Exchange) -> bytes:
        """Ask three things at the same time."""
        answers: dict[str, bytes] = {}

        async def ask(method: str, params: Params) -> None:
            answers[method] = await exchange.ask(method, params)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, "elicitation/create", QUESTION)
            nursery.start_soon(ask, "sampling/createMessage", {"messages": encode_raw([]), "maxTokens": encode_raw(9)})
            nursery.start_soon(ask, "roots/list", {})
        return text(b" ".join(answers[method] for method in sorted(answers)))

    async def in_turn(self, exchange: Exchange) -> bytes:
        """Ask twice, one after the other."""
        first = await exchange.ask("elicitation/create", QUESTION)
        return text(first + await exchange.ask("roots/list", {}))

    async def slowly(self, exchange: Exchange) -> bytes:
        """Ask, and take long with the answer."""
        answer = await exchange.ask("elicitation/create", QUESTION)
        self.answered.set()
        await self.go_on.wait()
        return text(answer)

    async def talkative(self, exchange: Exchange) -> bytes:
        """Tell something before, during and after the client's absence, then answer."""
        token = decode_object(exchange.call.params["_meta"])["progressToken"]

        async def tell(number: int) -> None:
            await exchange.notify("notifications/progress", {"progressToken": token, "progress": encode_raw(number)})

        await tell(1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.go_on.wait)
            nursery.start_soon(exchange.ask, "elicitation/create", QUESTION)
            await self.go_on.wait()
            await tell(2)
            await exchange.notify("notifications/message", {"level": encode_raw("info"), "data": encode_raw("x")})
            await exchange.notify("notifications/message", {"level": encode_raw("error"), "data": encode_raw("y")})
            self.answered.set()
        await tell(3)
        return text("done")

    async def plain(self, exchange: Exchange) -> bytes:
        """Ask nothing."""
        return text("plain")

    async def wait(self, exchange: Exchange) -> bytes:
        """Wait, and ask nothing."""
        self.answered.set()
        await self.go_on.wait()
        return text("waited")

    async def stateful(self, exchange: Exchange) -> bytes:
        """As a modern backend: a request for input with a state, until that comes back."""
        params = exchange.call.params
        if "requestState" in params:
            return text(bytes(params["requestState"]) + bytes(params.get("inputResponses", b"")))
        asked = {"q": {"method": "elicitation/create", "params": QUESTION}}
        return encode({"resultType": "input_required", "inputRequests": asked, "requestState": 'their"s'})

    async def stateless(self, exchange: Exchange) -> bytes:
        """As a modern backend that gives no state."""
        params = exchange.call.params
        if "inputResponses" in params:
            return text(encode(sorted(params)))
        return encode({"resultType": "input_required", "inputRequests": {"q": {"method": "roots/list"}}})


def calling(
    name: str,
    message_id: object = 1,
    *,
    abilities: Mapping[str, object] | None = None,
    meta: Mapping[str, object] | None = None,
    **more: object,
) -> bytes:
    """An encoded `tools/call` of a client that can do `abilities` (everything, if not given)."""
    declared = ALL_ABILITIES if abilities is None else abilities
    everything = {**META, "io.modelcontextprotocol/clientCapabilities": declared, **(meta or {})}
    return rpc("tools/call", {"name": name, "arguments": {}, **more, "_meta": everything}, message_id)


async def call_tool(served: Served, name: str, message_id: object = 1, **more: object) -> Answer:
    """Call a tool, or go on with its call, on a connection of its own."""
    return await post(served, calling(name, message_id, **more), modern_headers("tools/call", name))  # type: ignore[arg-type]  # the keywords of `calling`


def result_of(answer: Answer) -> dict[str, object]:
    """The result in an answer of one JSON message."""
    assert answer.status == 200, answer
    result = answer.json["result"]
    assert isinstance(result, dict)
    return result


def asked_in(answer: Answer) -> tuple[dict[str, dict[str, object]], str]:
    """What an answer asks for, and the state to come back with."""
    result = result_of(answer)
    assert result["resultType"] == "input_required"
    requests, state = result["inputRequests"], result["requestState"]
    assert isinstance(requests, dict)
    assert isinstance(state, str)
    return requests, state


def said_in(answer: Answer) -> str:
    """The text of a tool's complete result."""
    result = result_of(answer)
    assert result["resultType"] == "complete"
    return said(result)


def said(result: dict[str, object]) -> str:
    """The text of a tool's result."""
    content = result["content"]
    assert isinstance(content, list)
    found = content[0]["text"]
    assert isinstance(found, str)
    return found
