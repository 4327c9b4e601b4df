"""What is known of a container engine, or why there is none, and what is known of its images and containers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import attrs


@attrs.frozen(kw_only=True)
class EngineFacts:
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

    def __str__(self) -> str:
        return f"{self.kind} {self.version}" + (" (rootless)" if self.rootless else "")


@attrs.frozen(kw_only=True)
class NoEngine:
    """No engine can be used."""

    why: str
    """One clause: "neither Docker nor Podman answers", "DOCKER_HOST is tcp://…, which shares no folders"."""


EngineFound = EngineFacts | NoEngine


@attrs.frozen(kw_only=True)
class ImageFacts:
    """An image that an engine has, as it would be run."""

    id: str
    tags: tuple[str, ...] = ()
    labels: Mapping[str, str] = MappingProxyType({})
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[str, ...] = attrs.field(default=(), repr=False)
    """NAME=VALUE."""
    user: str = ""
    workdir: str = ""
    architecture: str = ""


@attrs.frozen(kw_only=True)
class ListedImage:
    """An image as a list of them tells of it."""

    id: str
    tags: tuple[str, ...] = ()
    """Empty for one that nothing names any more."""
    labels: Mapping[str, str] = MappingProxyType({})
    size: int = 0
    created: int = 0
    """Seconds since the epoch."""


@attrs.frozen(kw_only=True)
class ContainerFacts:
    """A container, whatever its state, as a list of them tells of it."""

    id: str
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = MappingProxyType({})
    state: str = ""
    """"created", "running", "exited" and others; Podman 4.3 says "running" for a moment after the end."""
    image: str = ""
    created: float = 0.0
    """Seconds since the epoch; 0 where it is not told."""
