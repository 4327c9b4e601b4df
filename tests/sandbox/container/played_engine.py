"""An engine that is played: its containers are shims that run as ordinary processes of the test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import attrs
import trio

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.facts import EngineFacts
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.plan.network import NetworkPolicy
from argus_trio.sandbox.plan.outcome import ResourceLimits
from tests.sandbox.shim.trial import free_port

MEMORY = 256 * 1024 * 1024
PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def launch(*argv: str, cwd: str | None = None, env: Mapping[str, str] = PATH, network: str = "none") -> Launch:
    """A launch of a program of this machine, as a server of an image with Python."""
    return Launch(
        backend="files",
        image="python:3.13-slim",
        shim="python",
        argv=argv,
        env=env,
        cwd=cwd,
        user="65532:65532",
        network=NetworkPolicy(mode="none" if network == "none" else "public"),
        limits=ResourceLimits(memory=MEMORY, cpus=1, pids=64),
    )


def body_of(folder: Path | None) -> Mapping[str, object]:
    return {"Folder": str(folder)}


def descriptors() -> set[str]:
    """Those that this process has open."""
    return {each.name for each in Path("/proc/self/fd").iterdir()}


@attrs.define(eq=False, kw_only=True)
class PlayedEngine:
    """As `container/life.py: ContainerEngine`. What `hangs` never returns, what `fails` raises."""

    facts: EngineFacts = attrs.field(
        default=EngineFacts(kind="docker", version="20.10", api_version="1.41", socket=Path("/no/such/engine"))
    )
    hangs: str = ""
    fails: str = ""
    command: tuple[str, ...] = ()
    """What runs instead of the shim."""
    asked: list[str] = attrs.field(factory=list, init=False)
    processes: dict[str, trio.Process] = attrs.field(factory=dict, init=False)
    left: set[str] = attrs.field(factory=set, init=False)
    """Containers that were created and not removed."""
    folders: dict[str, Path] = attrs.field(factory=dict, init=False)

    async def create(self, body: Mapping[str, object], *, name: str) -> str:
        await self._asked("create")
        self.left.add(name)
        self.folders[name] = Path(str(body["Folder"]))
        return name

    async def start(self, container: str) -> None:
        await self._asked("start")
        script = str(self.folders[container] / "shim.py")
        command = self.command or (sys.executable, "-I", "-S", script, str(free_port()))
        self.processes[container] = await trio.lowlevel.open_process(command, stdin=subprocess.DEVNULL)

    async def wait(self, container: str, condition: str) -> int:
        await self._asked("wait")
        while container not in self.processes:  # noqa: ASYNC110 - it is polled, so that nothing has to be told
            await trio.sleep(0.01)
        code = await self.processes[container].wait()
        return code if code >= 0 else 128 - code

    async def kill(self, container: str, signal: str) -> None:
        await self._asked("kill")

    async def remove(self, container: str) -> None:
        await self._asked("remove")
        if container in self.processes:
            self.processes[container].kill()
            await self.processes[container].wait()
        self.left.discard(container)

    async def _asked(self, what: str) -> None:
        self.asked.append(what)
        if what == self.hangs:
            await trio.sleep_forever()
        if what == self.fails:
            raise LinkFailed(f"the engine refused to {what}")
        await trio.lowlevel.checkpoint()
