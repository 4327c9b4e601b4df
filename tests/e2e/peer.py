"""A client that is free to say what the SDK does not know: JSON-RPC over the SDK's transports, through any door."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import trio
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp.types import JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from tests.e2e.cells import Door
from tests.e2e.child import ROOT
from tests.e2e.raw import LEGACY, META, MODERN

Json = dict[str, Any]


@attrs.define(eq=False)
class Peer:
    """One client. `heard` is every notification that has come to it; `asked` what it was asked, and `reply` answers."""

    door: Door
    capabilities: Json
    writing: Any
    heard: list[Json] = attrs.field(factory=list)
    asked: list[Json] = attrs.field(factory=list)
    reply: Callable[[Json], Json] = lambda _params: {}
    _answers: dict[Any, Json] = attrs.field(factory=dict)
    _changed: trio.Event = attrs.field(factory=trio.Event)
    _ids: Any = attrs.field(factory=lambda: itertools.count(1))

    async def read(self, reading: Any) -> None:
        async for message in reading:
            assert isinstance(message, SessionMessage), message
            said = message.message.model_dump(by_alias=True, mode="json", exclude_unset=True)
            if "method" in said and "id" in said:
                self.asked.append(said)
                result = self.reply(said["params"])
                answer = JSONRPCResponse(jsonrpc="2.0", id=said["id"], result=result)
                await self.writing.send(SessionMessage(answer))
            elif "method" in said:
                self.heard.append(said)
            else:
                self._answers[said["id"]] = said
            self._changed.set()
            self._changed = trio.Event()

    async def until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            await self._changed.wait()

    async def greet(self) -> Json:
        """What the gateway says that it can do."""
        if self.door.era == "modern":
            return dict((await self.result("server/discover"))["capabilities"])
        info = {"name": "peer", "version": "1"}
        hello = {"protocolVersion": LEGACY, "capabilities": self.capabilities, "clientInfo": info}
        answer = await self.result("initialize", **hello)
        note = JSONRPCNotification(jsonrpc="2.0", method="notifications/initialized")
        await self.writing.send(SessionMessage(note))
        return dict(answer["capabilities"])

    async def send(self, method: str, **params: Any) -> int:
        """Send a request; its id."""
        number: int = next(self._ids)
        headers: dict[str, str] | None = None
        if self.door.era == "modern":
            said = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": self.capabilities}
            params["_meta"] = {**said, **params.get("_meta", {})}
            headers = {"mcp-protocol-version": MODERN, "mcp-method": method}
            if (name := params.get("taskId", params.get("name"))) is not None:
                headers["mcp-name"] = name
        request = JSONRPCRequest(jsonrpc="2.0", id=number, method=method, params=params)
        await self.writing.send(SessionMessage(request, ClientMessageMetadata(headers=headers)))
        return number

    async def answer(self, method: str, **params: Any) -> Json:
        number = await self.send(method, **params)
        await self.until(lambda: number in self._answers)
        return self._answers.pop(number)

    async def result(self, method: str, **params: Any) -> Json:
        answer = await self.answer(method, **params)
        assert "result" in answer, answer
        return dict(answer["result"])

    async def error(self, method: str, **params: Any) -> Json:
        answer = await self.answer(method, **params)
        assert "error" in answer, answer
        return dict(answer["error"])

    def news(self, method: str) -> list[Json]:
        """The params of the notifications of one kind so far."""
        return [said["params"] for said in self.heard if said["method"] == method]


@asynccontextmanager
async def peer(door: Door, url: str, **capabilities: Any) -> AsyncIterator[Peer]:
    """A client that has greeted the gateway at `url`."""
    if door.kind == "stdio":
        arguments = ["-m", "argus_trio", "stdio", "--url", url]
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
        transport = stdio_client(StdioServerParameters(command=sys.executable, args=arguments, env=environment))
    else:
        transport = sse_client(f"{url}/sse") if door.kind == "sse" else streamable_http_client(f"{url}/mcp")
    async with transport as (reading, writing), trio.open_nursery() as nursery:
        found = Peer(door, capabilities, writing)
        nursery.start_soon(found.read, reading)
        await found.greet()
        yield found
        nursery.cancel_scope.cancel()
