"""What an engine can be asked about images: which are there, pulling, building, committing, removing."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import aiodocker
import attrs
import msgspec

from argus_trio import Value
from argus_trio.sandbox.engine.client import EngineClient, EngineDeadlines, EngineRequest, decoded, filters, in_path
from argus_trio.sandbox.engine.facts import EngineFacts, ImageFacts, ListedImage
from argus_trio.sandbox.engine.failure import AskedFor, EngineFailed, shorten
from argus_trio.sandbox.engine.reaping.owner import CONTAINER_LABELS

TellLine = Callable[[str], None]
"""Takes the last line of what an engine says while it pulls or builds; called in trio's thread."""

MAX_LOG_LINES: Final = 40
"""The tail of what was said that a failure has as its details; each line is cut as other messages are."""


class _ImageConfig(msgspec.Struct, rename="pascal"):
    entrypoint: list[str] | str | None = None
    cmd: list[str] | None = None
    env: list[str] | None = None
    labels: dict[str, str] | None = None
    user: str = ""
    working_dir: str = ""


class _Inspected(msgspec.Struct, rename="pascal"):
    id: str
    repo_tags: list[str] | None = None
    config: _ImageConfig | None = None
    architecture: str = ""


class _ImageRow(msgspec.Struct, rename="pascal"):
    id: str
    repo_tags: list[str] | None = None
    labels: dict[str, str] | None = None
    size: int = 0
    created: int = 0


class _Committed(msgspec.Struct, rename="pascal"):
    id: str


class _Progress(msgspec.Struct):
    stream: str = ""
    status: str = ""
    id: str = ""
    progress: str = ""
    error: str = ""


@attrs.frozen(kw_only=True)
class ImageBuild(Value):
    """What the engine's own builder is given."""

    context: bytes | Path = attrs.field(repr=False)
    """A tar, or a file that is one."""
    tag: str
    """REPOSITORY:TAG."""
    dockerfile: str = "Dockerfile"
    """Its path in the context."""
    labels: Mapping[str, str] = MappingProxyType({})
    arguments: Mapping[str, str] = attrs.field(default=MappingProxyType({}), repr=False)
    """No secret may be one: they stay in the image's history."""
    memory: int
    """Bytes that a step may take, without swap."""
    network: str = ""
    """The network mode of steps; empty: the engine's default."""


@attrs.define(eq=False, repr=False, kw_only=True)
class ImageControl:
    """The images of one engine. Every method raises `EngineFailed` as its only error."""

    facts: EngineFacts
    deadlines: EngineDeadlines
    _client: EngineClient

    async def image(self, reference: str) -> ImageFacts | None:
        """The image of that reference or id, or None if it is not there."""
        asked = AskedFor(doing="inspect the image", image=reference)
        request = EngineRequest(
            method="GET", path=f"images/{in_path(reference)}/json", seconds=self.deadlines.look, asked=asked
        )
        try:
            found = decoded(await self._client.ask(request), _Inspected, self._client, asked)
        except EngineFailed as failed:
            if failed.status == 404:
                return None
            raise
        config = found.config or _ImageConfig()
        return ImageFacts(
            id=found.id,
            tags=tuple(found.repo_tags or ()),
            labels=MappingProxyType(config.labels or {}),
            entrypoint=_words(config.entrypoint),
            cmd=tuple(config.cmd or ()),
            env=tuple(config.env or ()),
            user=config.user,
            workdir=config.working_dir,
            architecture=found.architecture,
        )

    async def images(self, label: str) -> list[ListedImage]:
        """Every image that has a label: `NAME`, or `NAME=VALUE`."""
        asked = AskedFor(doing="list images")
        request = EngineRequest(
            method="GET",
            path="images/json",
            params={"filters": filters(label)},
            seconds=self.deadlines.look,
            asked=asked,
        )
        listed = decoded(await self._client.ask(request), list[_ImageRow], self._client, asked)
        return [
            ListedImage(
                id=each.id,
                tags=tuple(tag for tag in each.repo_tags or () if tag != "<none>:<none>"),
                labels=MappingProxyType(each.labels or {}),
                size=each.size,
                created=each.created,
            )
            for each in listed
        ]

    async def pull(self, reference: str, tell: TellLine) -> ImageFacts:
        """Pull an image, for as long as the caller lets it take."""
        asked = AskedFor(doing="pull the image", image=reference)
        last = reference.rsplit("/", 1)[-1]
        params = {"fromImage": reference} if ":" in last or "@" in last else {"fromImage": reference, "tag": "latest"}
        request = EngineRequest(method="POST", path="images/create", params=params, asked=asked)
        await self._follow(request, tell)
        return await self._made(reference, asked)

    async def build(self, build: ImageBuild, tell: TellLine) -> ImageFacts:
        """Build an image, for as long as the caller lets it take; the tail of the log is in a failure's details."""
        params = {
            "t": build.tag,
            "dockerfile": build.dockerfile,
            "labels": json.dumps(dict(build.labels)),
            "buildargs": json.dumps(dict(build.arguments)),
            "memory": str(build.memory),
            "memswap": str(build.memory),
            "rm": "1",
            "forcerm": "1",
        }
        if build.network:
            params["networkmode"] = build.network
        asked = AskedFor(doing="build the image")
        request = EngineRequest(
            method="POST",
            path="build",
            params=params,
            body=build.context,
            media_type="application/x-tar",
            asked=asked,
        )
        await self._follow(request, tell)
        return await self._made(build.tag, asked)

    async def commit(self, container: str, *, repository: str, tag: str, labels: Mapping[str, str]) -> str:
        """Make an image of a container, with no command of its own, and tell its id.

        It has the labels of the container as well, but for those that say whose that is.
        """
        asked = AskedFor(doing="make an image of the container")
        params = {"container": container, "repo": repository, "tag": tag}
        labels = {**dict.fromkeys(CONTAINER_LABELS, ""), **labels}
        config: dict[str, object] = {"Entrypoint": [], "Cmd": [], "Labels": labels}
        if self.facts.kind == "podman":  # it wants a configuration, reads none, and knows instructions alone
            config = {}
            params["changes"] = "\n".join(("CMD []", "ENTRYPOINT []", *map(_instruction, labels.items())))
        request = EngineRequest(
            method="POST", path="commit", params=params, body=msgspec.json.encode(config), asked=asked
        )
        return decoded(await self._client.ask(request), _Committed, self._client, asked).id

    async def tag(self, image: str, *, repository: str, tag: str) -> None:
        """Give an image another name."""
        request = EngineRequest(
            method="POST",
            path=f"images/{in_path(image)}/tag",
            params={"repo": repository, "tag": tag},
            seconds=self.deadlines.look,
            asked=AskedFor(doing="name the image", image=image),
        )
        await self._client.ask(request)

    async def remove_image(self, image: str) -> bool:
        """Remove an image or a name of one, and tell whether it is gone: False if a container uses it."""
        request = EngineRequest(
            method="DELETE",
            path=f"images/{in_path(image)}",
            seconds=self.deadlines.remove,
            asked=AskedFor(doing="remove the image", image=image),
        )
        try:
            await self._client.ask(request)
        except EngineFailed as failed:
            if failed.status == 409:
                return False
            if failed.status != 404:
                raise
        return True

    async def _follow(self, request: EngineRequest, tell: TellLine) -> None:
        """Tell each line, and raise what one of them says went wrong, with the tail of the others."""
        tail: deque[str] = deque(maxlen=MAX_LOG_LINES)
        told = self._client.bridge.teller(tell)

        def take(line: bytes) -> None:
            progress = msgspec.json.decode(line, type=_Progress) if line.strip() else _Progress()
            if progress.error:
                raise aiodocker.DockerError(0, progress.error)
            for each in progress.stream.splitlines() or [_status(progress)]:
                if text := self._client.redact(each.strip()):
                    if progress.stream:
                        tail.append(shorten(text))
                    told(shorten(text))

        try:
            await self._client.follow(request, take)
        except EngineFailed as failed:
            raise EngineFailed(
                failed.kind, failed.reason, status=failed.status, details=tuple(tail), never_ran=failed.never_ran
            ) from None

    async def _made(self, reference: str, asked: AskedFor) -> ImageFacts:
        """The image that is there now: a stream that broke off looks like one that ended."""
        if made := await self.image(reference):
            return made
        raise EngineFailed(
            "absent",
            f"{self.facts} stopped amid its answer, asked to {asked.doing}: was it restarted? It is tried again",
        )


def _status(progress: _Progress) -> str:
    return " ".join(part for part in (progress.id, progress.status, progress.progress) if part)


def _instruction(label: tuple[str, str]) -> str:
    """The label as Podman reads it: to the end of the line as it stands, with no quotes around and no escapes."""
    name, value = label
    return f"LABEL {name}={' '.join(value.splitlines())}"


def _words(value: list[str] | str | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())
