"""What an engine can be asked for: containers here, images in `images.py`. Typed at the boundary; no stream of a call.

`open_control` has asyncio and aiodocker, so this module is loaded when an engine is used.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final, Literal

import attrs
import msgspec
import structlog
import trio

from argus_trio.net.ending.last_moment import farewell
from argus_trio.sandbox.engine.bridge import open_bridge
from argus_trio.sandbox.engine.client import EngineClient, EngineDeadlines, EngineRequest, decoded, filters, in_path
from argus_trio.sandbox.engine.facts import ContainerFacts, EngineFacts, PathFacts
from argus_trio.sandbox.engine.failure import AskedFor, EngineFailed, hung
from argus_trio.sandbox.engine.images import ImageControl

log = structlog.get_logger()

MAX_WARNINGS: Final = 64
"""So many different warnings of an engine are remembered, so that each is logged once."""
_CLOSE_SECONDS: Final = 1.0
"""How long the client may take to let go of its connections: nothing of it waits on the engine."""

_FOLDER: Final = 1 << 31
"""The bit of a folder in a file mode as Go writes it, which is how engines do."""
_LINK: Final = 1 << 27
"""The bit of a link."""

_IMPROPER: Final = "container state improper"
"""What Podman says of a container that is just ending, or has ended."""

WaitCondition = Literal["not-running", "next-exit", "removed"]


class _Created(msgspec.Struct, rename="pascal"):
    id: str
    warnings: list[str] | None = None


class _Waited(msgspec.Struct, rename="pascal"):
    status_code: int


class _ContainerRow(msgspec.Struct, rename="pascal"):
    id: str
    names: list[str] | None = None
    labels: dict[str, str] | None = None
    state: str = ""
    image: str = ""
    created: float = 0.0


class _PathStat(msgspec.Struct):
    mode: int
    link_target: str = msgspec.field(default="", name="linkTarget")


@attrs.define(eq=False, repr=False, kw_only=True)
class EngineControl(ImageControl):
    """The control of one engine. Every method raises `EngineFailed` as its only error."""

    _warned: set[str] = attrs.field(factory=set, init=False)

    async def create(self, body: Mapping[str, object], *, name: str) -> str:
        """Create a container, and tell its id.

        The name must be nobody else's. Whoever is cancelled, or gets an error, has no container: what the engine made
        of the request is removed, or left to the reaper should it hang.
        """
        asked = AskedFor(doing="create the container", image=str(body.get("Image", "")))
        request = EngineRequest(
            method="POST",
            path="containers/create",
            params={"name": name},
            body=msgspec.json.encode(body),
            seconds=self.deadlines.create,
            patience=self.deadlines.leave,
            asked=asked,
        )
        try:
            created = decoded(await self._client.ask(request), _Created, self._client, asked)
        except trio.Cancelled:
            await self.remove_quietly(name)
            raise
        except EngineFailed as failed:
            if not failed.never_ran:
                await self.remove_quietly(name)
            raise
        self._warn(created.warnings or [])
        return created.id

    async def start(self, container: str) -> None:
        """Start a container; one that runs already is left so."""
        await self._act("start the container", f"{in_path(container)}/start", self.deadlines.start)

    async def wait(self, container: str, condition: WaitCondition = "not-running") -> int:
        """Its exit code, once it has ended; as long as that takes.

        One that is removed when it ends is to be waited for before it is started, with `next-exit`.
        """
        asked = AskedFor(doing="wait for the container")
        request = EngineRequest(
            method="POST",
            path=f"containers/{in_path(container)}/wait",
            params={"condition": condition},
            asked=asked,
        )
        return decoded(await self._client.ask(request), _Waited, self._client, asked).status_code

    async def kill(self, container: str, signal: str = "KILL") -> None:
        """Send it a signal; nothing happens if it does not run, or is not there."""
        path = f"{in_path(container)}/kill"
        try:
            await self._act("kill the container", path, self.deadlines.remove, params={"signal": signal})
        except EngineFailed as failed:
            if failed.status not in (404, 409) and _IMPROPER not in failed.reason:
                raise

    async def remove(self, container: str) -> None:
        """Kill and remove it; nothing happens if it is not there."""
        asked = AskedFor(doing="remove the container")
        request = EngineRequest(
            method="DELETE",
            path=f"containers/{in_path(container)}",
            params={"force": "1", "v": "1"},
            asked=asked,
        )
        with trio.move_on_after(self.deadlines.remove):
            while True:
                try:
                    await self._client.ask(request)
                except EngineFailed as failed:
                    if failed.status == 404:
                        return
                    if not _is_not_yet(failed):
                        raise
                else:
                    return
                await trio.sleep(self.deadlines.remove_again)
        raise hung(self.facts, asked, self.deadlines.remove)

    async def containers(self, label: str) -> list[ContainerFacts]:
        """Every container, whatever its state, that has a label: `NAME`, or `NAME=VALUE`."""
        asked = AskedFor(doing="list containers")
        request = EngineRequest(
            method="GET",
            path="containers/json",
            params={"all": "1", "filters": filters(label)},
            seconds=self.deadlines.look,
            asked=asked,
        )
        listed = decoded(await self._client.ask(request), list[_ContainerRow], self._client, asked)
        return [
            ContainerFacts(
                id=each.id,
                names=tuple(name.removeprefix("/") for name in each.names or ()),
                labels=MappingProxyType(each.labels or {}),
                state=each.state,
                image=each.image,
                created=each.created,
            )
            for each in listed
        ]

    @asynccontextmanager
    async def unstarted(self, body: Mapping[str, object]) -> AsyncIterator[str]:
        """The id of a container that is not started, for the length of the block."""
        container = await self.create(body, name=f"argus-look-{secrets.token_hex(8)}")
        try:
            yield container
        finally:
            await self.remove_quietly(container)

    async def path(self, container: str, path: str) -> PathFacts | None:
        """What is at a path of a container, which need not run; None if nothing is."""
        asked = AskedFor(doing="look into the container")
        request = EngineRequest(
            method="HEAD",
            path=f"containers/{in_path(container)}/archive",
            params={"path": path},
            seconds=self.deadlines.look,
            asked=asked,
        )
        said = await self._client.header(request, "X-Docker-Container-Path-Stat")
        if not said:
            return None
        stat = decoded(_from_base64(said), _PathStat, self._client, asked)
        # Podman names what is there by its own path where it is no link.
        link = stat.link_target if stat.mode & _LINK else ""
        return PathFacts(link=link, is_program=bool(stat.mode & 0o111) and not stat.mode & _FOLDER)

    async def _act(self, doing: str, path: str, seconds: float, params: Mapping[str, str] | None = None) -> None:
        asked = AskedFor(doing=doing)
        await self._client.ask(
            EngineRequest(method="POST", path=f"containers/{path}", params=params or {}, seconds=seconds, asked=asked)
        )

    async def remove_quietly(self, container: str) -> None:
        """Remove it, cancelled or not, in a short time: the caller may be stopping. A failure is logged alone, and what
        is left then is found by a next start."""
        with trio.move_on_after(self.deadlines.leave, shield=True):
            try:
                await self.remove(container)
            except EngineFailed as failed:
                log.warning("container_left", engine=str(self.facts), container=container, reason=failed.reason)

    def _warn(self, warnings: list[str]) -> None:
        for warning in warnings:
            if warning not in self._warned and len(self._warned) < MAX_WARNINGS:
                self._warned.add(warning)
                log.warning("engine_warned", engine=str(self.facts), warning=self._client.redact(warning))


def _from_base64(said: str) -> bytes:
    try:
        return base64.b64decode(said, validate=True)
    except binascii.Error:
        return b""


def _is_not_yet(failed: EngineFailed) -> bool:
    """Whether a removal was refused for a moment: one is under way, or the process is just ending (Podman)."""
    return (failed.status == 409 and "in progress" in failed.reason) or _IMPROPER in failed.reason


@asynccontextmanager
async def open_control(
    facts: EngineFacts,
    *,
    redact: Callable[[str], str],
    deadlines: EngineDeadlines | None = None,
) -> AsyncIterator[EngineControl]:
    """The control of an engine for the length of the block: with a thread of its own, which is gone at the end.

    `redact` takes the secrets out of what the engine says.
    """
    async with open_bridge() as bridge:
        client = EngineClient(facts=facts, redact=redact, bridge=bridge)
        try:
            yield EngineControl(facts=facts, deadlines=deadlines or EngineDeadlines(), client=client)
        finally:
            with farewell(_CLOSE_SECONDS):
                await client.close()
