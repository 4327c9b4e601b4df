"""An engine that is used: its control, its images, and the containers that are started of them, joined.

It has asyncio and aiodocker behind it, so it is loaded when an engine is used.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import structlog
import trio

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.container.folder import held_folder, remove_left_folders, runtime_folder
from argus_trio.sandbox.container.start import Placing, StartedProgram, start_container
from argus_trio.sandbox.egress.attempts import ToldAttempts
from argus_trio.sandbox.egress.filter import serve_filter
from argus_trio.sandbox.egress.outward import Outward
from argus_trio.sandbox.engine.control import EngineControl, open_control
from argus_trio.sandbox.engine.facts import EngineFacts
from argus_trio.sandbox.engine.reaping.leftovers import reap_leftovers, this_gateway
from argus_trio.sandbox.engine.reaping.owner import GatewayRun
from argus_trio.sandbox.engine.reaping.reaper_process import reaping
from argus_trio.sandbox.engine.seccomp import write_profile
from argus_trio.sandbox.image.images import Images, open_images
from argus_trio.sandbox.image.making.installation import Installer
from argus_trio.sandbox.image.ready import ReadyImage
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.plan.outcome import Contained, InstalledImage
from argus_trio.sandbox.plan.profile import create_body
from argus_trio.sandbox.telling import TellPreparing

log = structlog.get_logger()

NAME_CHARACTERS: Final = 40
"""So much of a backend's name is in that of its container."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Starter:
    """Starts containers with one engine."""

    control: EngineControl
    gateway: GatewayRun
    environ: Mapping[str, str] = attrs.field(repr=False)
    """The gateway's own environment."""
    attempts: ToldAttempts
    seccomp: Path | None = None
    """The profile of system calls to name, where the engine's own is looser than Docker's."""

    def start(self, launch: Launch) -> AbstractAsyncContextManager[StartedProgram]:
        """What is to be launched, for the length of the block. Raises `LinkFailed` on entering."""
        policy = launch.network
        has_filter = policy.mode not in ("none", "bridge") or bool(policy.services)
        serve = partial(
            serve_filter,
            policy=policy,
            attempts=self.attempts,
            backend=launch.backend,
            outward=Outward(environ=self.environ),
            is_installation=launch.keeps_container,
        )
        placing = Placing(
            name=container_name(launch.backend),
            runtime=runtime_folder(self.environ),
            body=partial(self._body, launch),
            serve_egress=serve if has_filter else None,
        )
        return start_container(launch, self.control, placing)

    def _body(self, launch: Launch, folder: Path | None) -> Mapping[str, object]:
        facts = attrs.evolve(self.control.facts, seccomp=self.seccomp)
        body = create_body(launch, facts, instance=self.gateway.instance, folder=folder)
        labels = body["Labels"]
        return {**body, "Labels": {**labels, **self.gateway.labels}} if isinstance(labels, Mapping) else body


@attrs.define(eq=False, repr=False, kw_only=True)
class UsedEngine:
    """The engine; see `EngineInUse` of `sandbox/sandbox.py`."""

    starter: Starter
    images: Images

    async def ready(self, contained: Contained, tell: TellPreparing) -> str:
        """As `EngineInUse.ready`."""
        return (await self.images.ensure(contained.image, tell, backend=contained.backend)).id

    @asynccontextmanager
    async def start(self, contained: Contained) -> AsyncIterator[StartedProgram]:
        """As `EngineInUse.start`."""
        image = await self.images.ensure(contained.image, backend=contained.backend, pulls_again=False)
        if contained.home is not None:
            home = partial(make_home, contained.home, contained.user, self.starter.control.facts)
            await trio.to_thread.run_sync(home)
        async with self.starter.start(launch_of(contained, image)) as program:
            yield program

    async def reap(self) -> None:
        """As `EngineInUse.reap`."""
        runtime = runtime_folder(self.starter.environ)
        await trio.to_thread.run_sync(remove_left_folders, runtime, abandon_on_cancel=True)
        await reap_leftovers(self.starter.control, self.starter.gateway.instance)


@asynccontextmanager
async def open_engine(
    facts: EngineFacts, *, environ: Mapping[str, str], redact: Callable[[str], str], attempts: ToldAttempts
) -> AsyncIterator[UsedEngine]:
    """An engine, for the length of the block; at its end nothing is left that was started there.

    Raises:
        LinkFailed: it cannot be used.
    """
    gateway = this_gateway()
    async with open_control(facts, redact=redact) as control, reaping(control, gateway.instance):
        with system_calls(facts, runtime_folder(environ)) as seccomp:
            starter = Starter(control=control, gateway=gateway, environ=environ, attempts=attempts, seccomp=seccomp)
            installer = Installer(engine=control, start=starter.start, environ=environ, redact=redact)
            async with open_images(installer) as images:
                yield UsedEngine(starter=starter, images=images)


@contextmanager
def system_calls(facts: EngineFacts, runtime: Path) -> Iterator[Path | None]:
    """The file of the profile of system calls for Podman; None for Docker, and where it cannot be made."""
    if facts.kind != "podman":
        yield None
        return
    with ExitStack() as stack:
        try:
            made = write_profile(stack.enter_context(held_folder(runtime)))
        except OSError as error:
            made, why = None, str(error)
        else:
            why = "Podman's own cannot be read"
        if made is None:
            log.warning("system_calls_as_podman_has_them", engine=str(facts), reason=why)
        yield made


def container_name(backend: str) -> str:
    """A name for a container of a backend that no other one has."""
    plain = "".join(each if each.isascii() and (each.isalnum() or each in "_.-") else "-" for each in backend)
    return f"argus-trio-{plain[:NAME_CHARACTERS]}-{secrets.token_hex(4)}"


def launch_of(contained: Contained, image: ReadyImage) -> Launch:
    """What is started for a plan, once its image is there: what the plan leaves to the image is that of the image."""
    argv = contained.argv
    if contained.uses_entrypoint and image.shim is not None:
        argv = (*image.facts.entrypoint, *(argv or image.facts.cmd))
    own = dict(each.split("=", 1) for each in image.facts.env if "=" in each)
    return Launch(
        backend=contained.backend,
        image=image.id,
        shim=image.shim,
        argv=argv,
        uses_entrypoint=contained.uses_entrypoint,
        env={**own, **contained.env},
        cwd=contained.cwd or image.facts.workdir or None,
        user=contained.user,
        groups=contained.groups,
        names_user=isinstance(contained.image, InstalledImage),
        home=contained.home,
        home_target=contained.home_target,
        mounts=contained.mounts,
        network=contained.network,
        limits=contained.limits,
        lacks=contained.lacks,
    )


def make_home(home: Path, user: str, facts: EngineFacts) -> None:
    """Make the folder that is a backend's home, if it is not there; it blocks.

    It belongs to who the container is outside. Where an engine maps ids and nobody knows to which, anybody may write
    there, and the folder above lets in nobody but the gateway's user and root.

    Raises:
        LinkFailed: it cannot be made, or is somebody else's.
    """
    try:
        home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.path.lexists(home):
            home.mkdir(mode=0o700)
            _give(home, user, facts)
        found = home.lstat()
    except OSError as error:
        raise LinkFailed(
            f"its home {home} cannot be made: {error.strerror}; XDG_STATE_HOME names another place, and "
            f"container.home: tmpfs does without"
        ) from None
    owner = int(user.partition(":")[0]) if user.partition(":")[0].isdigit() else -1
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner):
        raise LinkFailed(f"its home {home} is no folder of its own: move it away, or write container.home: tmpfs")


def _give(home: Path, user: str, facts: EngineFacts) -> None:
    uid, _, gid = user.partition(":")
    if facts.user_namespace and not facts.rootless:
        home.chmod(0o777)
    elif os.geteuid() == 0 and not facts.rootless and uid.isdigit() and gid.isdigit():
        os.chown(home, int(uid), int(gid))
