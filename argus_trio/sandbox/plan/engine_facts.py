"""What is known of a container engine, or why there is none: what a plan needs of it. `engine/` finds it out."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import attrs

from argus_trio import Value

OR_OFF: Final = "or write isolation: off"
_START_ONE: Final = "start Docker or Podman and let the gateway's user use it"


@attrs.frozen(kw_only=True)
class EngineFacts(Value):
    """An engine that answers."""

    kind: Literal["docker", "podman"]
    version: str
    api_version: str
    socket: Path
    """Its Unix socket, on this machine."""
    rootless: bool = False
    user_namespace: bool = False
    """Whether ids inside are other ids outside although it is rootful (`userns-remap`)."""
    cpus: int = 1
    memory: int = 0
    has_selinux: bool = False
    missing_limits: tuple[str, ...] = ()
    """The limits that it cannot enforce, as a rootless one on cgroup v1 cannot: "memory", "swap", "cpus", "pids"."""

    seccomp: Path | None = None
    """The profile of system calls to name; None: the engine's own."""

    def __str__(self) -> str:
        return f"{self.kind} {self.version}" + (" (rootless)" if self.rootless else "")


@attrs.frozen(kw_only=True)
class NoEngine(Value):
    """No engine can be used."""

    why: str
    """One clause: "neither Docker nor Podman answers", "DOCKER_HOST is tcp://…, which shares no folders"."""
    says_way_out: bool = False
    """Whether that tells what to do about it already."""

    @property
    def way_out(self) -> str:
        """What to do besides."""
        return OR_OFF if self.says_way_out else f"{_START_ONE}, {OR_OFF}"


EngineFound = EngineFacts | NoEngine
