"""One installation: a container of the base in which pip or npm runs, and the image that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import attrs
import msgspec
import trio

from argus_trio import Value
from argus_trio.errors import LinkFailed
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.engine.facts import ImageFacts
from argus_trio.sandbox.image.engine import ImageEngine
from argus_trio.sandbox.image.making.build_log import BuildLog
from argus_trio.sandbox.image.making.recipe import (
    Recipe,
    installation_argv,
    installation_env,
    installation_network,
)
from argus_trio.sandbox.image.ready import labels_of
from argus_trio.sandbox.image.shared_work import Hear
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.plan.outcome import CA_TARGET, Mount, ResourceLimits

MEMORY_BYTES: Final = 2 * 1024 * 1024 * 1024
"""What an installation may take: compilers take more than servers do."""
CPUS: Final = 2.0
PIDS: Final = 1024
TMP_BYTES: Final = 64 * 1024 * 1024
"""Its /tmp, which it does not use: what is compiled has a folder of its own, which is not kept."""
MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
"""The longest answer of an installer: the versions of all that is installed."""
LOG_SECONDS: Final = 2.0
"""How long the rest of the log is waited for once the installer has ended."""
STOP_SECONDS: Final = 10.0
"""How long it may take until the container has stopped as well, before it is made an image of."""


class Stream(Protocol):
    """What a program writes."""

    async def receive(self) -> bytes:
        """The next bytes, empty at the end."""


class ContainerProgram(Protocol):
    """An installation under way, as `container/start.py` has it."""

    @property
    def container(self) -> str:
        """The id of its container."""

    @property
    def stdout(self) -> Stream:
        """Its answer."""

    @property
    def stderr(self) -> Stream:
        """Its log."""

    async def watch(self) -> None:
        """Take note of what happens to it; to be run in a task."""

    async def wait_ended(self) -> str:
        """Wait until it has ended, and tell how."""


StartContainer = Callable[[Launch], AbstractAsyncContextManager[ContainerProgram]]
"""Starts a container for the length of the block, in which it can be committed; raises `LinkFailed` on entering."""


class _InstallerAnswer(msgspec.Struct):
    versions: dict[str, str]
    program: str = ""


@attrs.frozen(kw_only=True)
class Installer(Value):
    """What installations need of this machine."""

    engine: ImageEngine
    start: StartContainer
    environ: Mapping[str, str] = attrs.field(repr=False)
    """The gateway's own environment."""
    redact: Callable[[str], str] = attrs.field(repr=False)

    async def install(self, recipe: Recipe, base: ImageFacts, hear: Hear, *, backend: str) -> None:
        """Make the image of a recipe; it has its tag then. `backend` is who needs it.

        Raises:
            LinkFailed: it cannot be made; the tail of the log is in the details.
        """
        log = BuildLog(redact=self._redactor(recipe), on_line=lambda line: hear("building", line))
        async with self.start(self._launch(recipe, base, backend)) as program:
            answer = await self._follow(program, log)
            with trio.move_on_after(STOP_SECONDS):
                await self.engine.wait(program.container)
            hear("building", "making an image of it")
            await self._commit(recipe, base, program.container, answer)

    def _launch(self, recipe: Recipe, base: ImageFacts, backend: str) -> Launch:
        image = recipe.image
        cpus = min(CPUS, float(self.engine.facts.cpus))
        bundle = () if image.ca_bundle is None else (Mount(source=image.ca_bundle, target=CA_TARGET, why="ca_bundle"),)
        return Launch(
            backend=backend,
            image=base.id,
            shim=image.kind,
            argv=installation_argv(image),
            env=dict(each.partition("=")[::2] for each in base.env) | dict(installation_env(image, self.environ)),
            user="0:0",
            mounts=bundle,
            network=installation_network(image, self.environ),
            limits=ResourceLimits(memory=MEMORY_BYTES, cpus=cpus, pids=PIDS, tmp=TMP_BYTES),
            is_read_only=False,
            keeps_container=True,
        )

    def _redactor(self, recipe: Recipe) -> Callable[[str], str]:
        secrets = sorted(set(recipe.secrets), key=len, reverse=True)

        def redact(text: str) -> str:
            for secret in secrets:
                text = text.replace(secret, "[redacted]")
            return self.redact(text)

        return redact

    async def _follow(self, program: ContainerProgram, log: BuildLog) -> _InstallerAnswer:
        """The answer of the installer, once it has ended and its log has been read."""
        is_read = trio.Event()

        async def read_log() -> None:
            while data := await program.stderr.receive():
                log.feed(data)
            log.end()
            is_read.set()

        async with ServiceNursery() as nursery:
            nursery.start_soon(program.watch)
            nursery.start_soon(read_log)
            said = await _all_of(program.stdout)
            how = await program.wait_ended()
            with trio.move_on_after(LOG_SECONDS):
                await is_read.wait()
        try:
            return msgspec.json.decode(said, type=_InstallerAnswer)
        except msgspec.MsgspecError:
            raise _failure(log, how) from None

    async def _commit(self, recipe: Recipe, base: ImageFacts, container: str, answer: _InstallerAnswer) -> None:
        labels = labels_of(
            digest=recipe.digest,
            kind=recipe.image.kind,
            base=base.id,
            program=answer.program,
            versions=answer.versions,
        )
        repository, _, tag = recipe.tag.rpartition(":")
        await self.engine.commit(container, repository=repository, tag=tag, labels=labels)


def _failure(log: BuildLog, how: str) -> LinkFailed:
    reason = log.reason or "it wrote nothing"
    told = "" if how in ("", "exited with code 1") else f" (the installation {how})"
    return LinkFailed(f"its image cannot be built: {reason}{told}", details=log.tail)


async def _all_of(stream: Stream) -> bytes:
    """All of it; what is too long is no answer, but is read to its end."""
    said = b""
    while data := await stream.receive():
        if len(said) <= MAX_ANSWER_BYTES:
            said += data
    return said if len(said) <= MAX_ANSWER_BYTES else b""
