"""One request to an engine, over aiodocker: its deadline, its bounded answer, and its failure in our words.

Each request has a connection of its own: over a Unix socket that costs nothing, and none is stale after the engine was
started anew. A wait of hours holds one; so there is no limit to them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import aiodocker
import aiohttp
import attrs
import msgspec
import trio

from argus_trio import Value
from argus_trio.sandbox.engine.bridge import AsyncioBridge, BridgeClosed
from argus_trio.sandbox.engine.facts import EngineFacts
from argus_trio.sandbox.engine.failure import AskedFor, EngineFailed, hung, no_answer, no_engine_there, refusal, stopped

T = TypeVar("T")

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""The largest answer: a list of thousands of containers, each with its labels."""
MAX_LINE_BYTES: Final = 1024 * 1024
"""The largest line of a stream of progress; what is longer is cut."""

_CHUNK_BYTES: Final = 64 * 1024
_NO_CONNECTION: Final = 900
"""aiodocker's own number where no HTTP status came."""
_ASKED_FOR: Final = "auto"
"""The version with which aiodocker asks for the engine's own before the next request."""
_FAULTS: Final = (
    aiodocker.DockerError,
    aiohttp.ClientError,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    msgspec.MsgspecError,
)
"""What aiodocker and aiohttp raise where an engine refuses, is gone, or is none: a type or key that is missing too."""


class _AnswerTooLong(ValueError):
    pass


@attrs.frozen(kw_only=True)
class EngineDeadlines(Value):
    """How long an engine may take. What takes as long as it takes, such as pulling, has its caller's scope."""

    create: float = 30.0
    """To create a container: a tenth of a second, and more where a machine starts dozens at once."""
    start: float = 30.0
    """To start one: as `create`."""
    remove: float = 10.0
    """To kill or remove one, and to try again where it says that this cannot be done yet."""
    look: float = 10.0
    """To list or inspect."""
    remove_again: float = 0.05
    """The pause between two attempts to remove: Podman refuses for some milliseconds while the process exits."""
    leave: float = 2.0
    """How long a stop is held up by what was being created: so that it is known, and removed."""


@attrs.frozen(kw_only=True)
class EngineRequest(Value):
    """A request, in the words of the engine's API."""

    method: str
    path: str
    asked: AskedFor
    params: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes | Path = attrs.field(default=b"", repr=False)
    """A file is sent as it is read."""
    media_type: str = "application/json"
    seconds: float | None = None
    """The deadline; None where only the caller can tell, who has a scope of its own."""
    patience: float = 0.0
    """How long who is cancelled waits for it to end by itself, before it is broken off."""


@attrs.define(eq=False, repr=False, kw_only=True)
class EngineClient:
    """The client of one engine."""

    facts: EngineFacts
    redact: Callable[[str], str] = attrs.field(repr=False)
    bridge: AsyncioBridge
    _docker: aiodocker.Docker | None = attrs.field(default=None, init=False)
    """As the session, used in the loop's thread alone."""
    _session: aiohttp.ClientSession | None = attrs.field(default=None, init=False)
    _is_closed: bool = attrs.field(default=False, init=False)

    async def ask(self, request: EngineRequest) -> bytes:
        """The whole answer.

        Raises:
            EngineFailed: the engine refused, is not there, or did not answer in time.
        """

        async def read() -> bytes:
            async with self._answer(request) as answer:
                pieces: list[bytes] = []
                size = 0
                async for piece in answer.content.iter_chunked(_CHUNK_BYTES):
                    size += len(piece)
                    if size > MAX_ANSWER_BYTES:
                        raise _AnswerTooLong
                    pieces.append(piece)
                return b"".join(pieces)

        return await self._call(request, read)

    async def header(self, request: EngineRequest, name: str) -> str:
        """One field of the answer's head, asked by HEAD; empty if it has none, or the engine refuses.

        Raises:
            EngineFailed: as `ask`.
        """

        async def read() -> str:
            try:
                async with self._answer(request) as answer:
                    return answer.headers.get(name, "")
            except json.JSONDecodeError:  # aiodocker looks for why in the body of a refusal, and here is none
                return ""

        return await self._call(request, read)

    async def follow(self, request: EngineRequest, take: Callable[[bytes], None]) -> None:
        """Give each line of the answer to `take`, which is called in the loop's thread.

        Raises:
            EngineFailed: as `ask`; `take` may raise a `DockerError` for what the engine says amid its lines.
        """

        async def read() -> None:
            async with self._answer(request) as answer:
                rest = b""
                async for piece in answer.content.iter_chunked(_CHUNK_BYTES):
                    *lines, rest = (rest + piece).split(b"\n")
                    for line in lines:
                        take(line)
                    rest = rest[:MAX_LINE_BYTES]
                if rest:
                    take(rest)

        await self._call(request, read)

    async def close(self) -> None:
        """Let go of what is open in the loop; requests that are under way fail."""
        self._is_closed = True

        async def shut() -> None:
            if self._docker is not None and self._session is not None:
                await self._docker.close()
                await self._session.close()

        await self.bridge.call(shut)

    async def _call(self, request: EngineRequest, read: Callable[[], Coroutine[object, object, T]]) -> T:
        seconds = float("inf") if request.seconds is None else request.seconds
        with trio.move_on_after(seconds):
            try:
                return await self.bridge.call(read, patience=request.patience)
            except BridgeClosed:
                raise stopped(self.facts, request.asked) from None
            except _FAULTS as error:  # without its text as a cause: that may quote what is secret
                failed = stopped(self.facts, request.asked) if self._is_closed else self._failure(request.asked, error)
                raise failed from None
        raise hung(self.facts, request.asked, seconds)

    def _failure(self, asked: AskedFor, error: Exception) -> EngineFailed:
        match error:
            case aiodocker.DockerError() if error.status == _NO_CONNECTION:
                return no_answer(self.facts, asked, _number(error.__context__))
            case aiodocker.DockerError():
                return refusal(self.facts, asked, status=error.status, message=str(error.message), redact=self.redact)
            case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
                return no_answer(self.facts, asked, _number(error))
            case OSError():
                return no_answer(self.facts, asked, error.errno)
            case _:
                return no_engine_there(self.facts, asked)

    @asynccontextmanager
    async def _answer(self, request: EngineRequest) -> AsyncIterator[aiohttp.ClientResponse]:
        async with AsyncExitStack() as stack:
            body: object = request.body or None
            if isinstance(request.body, Path):
                body = stack.enter_context(await asyncio.to_thread(request.body.open, "rb"))
            docker = self._opened()
            query = docker._query(  # noqa: SLF001 - its documented methods lack parameters that we need
                request.path,
                request.method,
                params=dict(request.params),
                data=body,
                headers={"Content-Type": request.media_type},
            )
            try:
                answer = await stack.enter_async_context(query)
            except aiodocker.DockerError as error:
                if docker.api_version == _ASKED_FOR and error.status != _NO_CONNECTION:
                    raise ValueError("it does not say which version it is") from None  # not an answer to the request
                if error.status == _NO_CONNECTION or "client version" in str(error.message):
                    docker.api_version = _ASKED_FOR  # what is there the next time may be another version
                raise
            stack.callback(answer.close)
            yield answer

    def _opened(self) -> aiodocker.Docker:
        if self._docker is None:
            connector = aiohttp.UnixConnector(str(self.facts.socket), force_close=True, limit=0)
            self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout())
            self._docker = aiodocker.Docker(
                url=f"unix://{self.facts.socket}",
                session=self._session,
                api_version=f"v{self.facts.api_version}",
            )
        return self._docker


def _number(error: BaseException | None) -> int | None:
    return error.errno if isinstance(error, OSError) else None


def decoded(answer: bytes, wanted: type[T], client: EngineClient, asked: AskedFor) -> T:
    """The answer as a value.

    Raises:
        EngineFailed: it is no such thing.
    """
    try:
        return msgspec.json.decode(answer, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError):  # their text quotes the answer
        raise no_engine_there(client.facts, asked) from None


def in_path(name: str) -> str:
    """A reference or an id as a part of a path."""
    return quote(name, safe="/:@")


def filters(label: str, **more: str) -> str:
    """The `filters` parameter of lists: what has a label, `NAME` or `NAME=VALUE`."""
    return json.dumps({"label": [label], **{key: [value] for key, value in more.items()}})
