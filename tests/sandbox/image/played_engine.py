"""An engine, and installations in it, as they are needed to test images without one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

from argus_trio.sandbox.engine.facts import EngineFacts, ImageFacts, ListedImage, PathFacts
from argus_trio.sandbox.engine.failure import EngineFailed
from argus_trio.sandbox.engine.images import ImageBuild
from argus_trio.sandbox.image.making.installation import Installer
from argus_trio.sandbox.plan.launch import Launch

FACTS = EngineFacts(kind="docker", version="1", api_version="1.41", socket=Path("/nowhere"), cpus=4)
INTERPRETERS = ("/usr/local/bin/python3", "/usr/local/bin/node")
BASES = ("python:3.13-slim", "node:22-slim")


def base(reference: str) -> ImageFacts:
    return ImageFacts(id=f"sha256:{reference}", tags=(reference,), env=("PATH=/usr/local/bin:/bin",), workdir="/")


@attrs.define(eq=False, kw_only=True)
class PlayedEngine:
    """An engine that has images, by name, and files in them, by path."""

    facts: EngineFacts = FACTS
    by_name: dict[str, ImageFacts] = attrs.field(factory=lambda: {name: base(name) for name in BASES})
    registry: set[str] = attrs.field(factory=set)
    """What can be pulled."""
    files: dict[str, PathFacts] = attrs.field(factory=lambda: dict.fromkeys(INTERPRETERS, PathFacts(is_program=True)))
    in_use: set[str] = attrs.field(factory=set)
    pulled: list[str] = attrs.field(factory=list)
    builds: list[ImageBuild] = attrs.field(factory=list)
    build_failure: EngineFailed | None = None
    looked: int = 0
    commits: int = 0

    async def image(self, reference: str) -> ImageFacts | None:
        await trio.lowlevel.checkpoint()
        return self.by_name.get(reference)

    async def images(self, label: str) -> list[ListedImage]:
        await trio.lowlevel.checkpoint()
        return [
            ListedImage(id=facts.id, tags=(name,), labels=facts.labels, size=5)
            for name, facts in self.by_name.items()
            if label in facts.labels
        ]

    async def pull(self, reference: str, tell: Callable[[str], None]) -> ImageFacts:
        await trio.lowlevel.checkpoint()
        self.pulled.append(reference)
        if reference not in self.registry:
            raise EngineFailed("no_image", f"there is no image {reference}")
        tell("layer 1")
        self.by_name[reference] = attrs.evolve(base(reference), id=f"sha256:pulled{len(self.pulled)}")
        return self.by_name[reference]

    async def build(self, build: ImageBuild, tell: Callable[[str], None]) -> ImageFacts:
        await trio.lowlevel.checkpoint()
        assert isinstance(build.context, Path)
        assert build.context.stat().st_size
        self.builds.append(build)
        tell("Step 1/1")
        if self.build_failure is not None:
            raise self.build_failure
        self.by_name[build.tag] = attrs.evolve(base(build.tag), labels=build.labels)
        return self.by_name[build.tag]

    async def commit(self, container: str, *, repository: str, tag: str, labels: Mapping[str, str]) -> str:
        await trio.lowlevel.checkpoint()
        self.commits += 1
        name = f"{repository}:{tag}"
        self.by_name[name] = ImageFacts(id=f"sha256:{container}{self.commits:064}", tags=(name,), labels=labels)
        return self.by_name[name].id

    async def tag(self, image: str, *, repository: str, tag: str) -> None:
        await trio.lowlevel.checkpoint()
        self.by_name[f"{repository}:{tag}"] = next(each for each in self.by_name.values() if each.id == image)

    async def remove_image(self, image: str) -> bool:
        await trio.lowlevel.checkpoint()
        if image in self.in_use:
            return False
        self.by_name.pop(image, None)
        return True

    async def wait(self, container: str) -> int:
        await trio.lowlevel.checkpoint()
        return len(container) * 0

    @asynccontextmanager
    async def unstarted(self, body: Mapping[str, object]) -> AsyncIterator[str]:
        self.looked += 1
        yield str(body["Image"])

    async def path(self, container: str, path: str) -> PathFacts | None:
        await trio.lowlevel.checkpoint()
        return self.files.get(path) if container else None


@attrs.define(eq=False)
class Written:
    """What a program wrote, piece by piece."""

    pieces: list[bytes]

    async def receive(self) -> bytes:
        await trio.lowlevel.checkpoint()
        return self.pieces.pop(0) if self.pieces else b""


@attrs.define(eq=False, kw_only=True)
class PlayedInstallation:
    """One that says what it is told to."""

    container: str = "container"
    stdout: Written
    stderr: Written
    may_end: trio.Event
    how: str = "exited with code 0"

    async def watch(self) -> None:
        await trio.sleep_forever()

    async def wait_ended(self) -> str:
        await self.may_end.wait()
        return self.how


@attrs.define(eq=False, kw_only=True)
class PlayedStarts:
    """Starts installations that end as they are told to, and keeps what they were started with."""

    answers: list[bytes] = attrs.field(factory=lambda: [b'{"versions": {"tool": "1"}, "program": "/bin/tool"}'])
    """What each one writes to stdout; the last one for all that follow."""
    logs: Sequence[bytes] = (b"Collecting tool\n",)
    how: str = "exited with code 0"
    launches: list[Launch] = attrs.field(factory=list)
    under_way: int = 0
    may_end: trio.Event = attrs.field(factory=trio.Event)

    @asynccontextmanager
    async def __call__(self, launch: Launch) -> AsyncIterator[PlayedInstallation]:
        self.launches.append(launch)
        self.under_way += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        try:
            yield PlayedInstallation(
                stdout=Written([answer]), stderr=Written(list(self.logs)), may_end=self.may_end, how=self.how
            )
        finally:
            self.under_way -= 1


def installer(engine: PlayedEngine, starts: PlayedStarts, environ: Mapping[str, str] | None = None) -> Installer:
    return Installer(engine=engine, start=starts, environ=environ or {}, redact=lambda text: text)
