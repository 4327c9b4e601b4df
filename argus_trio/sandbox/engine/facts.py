"""What is known of a container engine, or why there is none, and what is known of its images and containers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from argus_trio import Value
from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound, NoEngine

__all__ = ["ContainerFacts", "EngineFacts", "EngineFound", "ImageFacts", "ListedImage", "NoEngine", "PathFacts"]


@attrs.frozen(kw_only=True)
class ImageFacts(Value):
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
class ListedImage(Value):
    """An image as a list of them tells of it."""

    id: str
    tags: tuple[str, ...] = ()
    """Empty for one that nothing names any more."""
    labels: Mapping[str, str] = MappingProxyType({})
    size: int = 0
    created: int = 0
    """Seconds since the epoch."""


@attrs.frozen(kw_only=True)
class ContainerFacts(Value):
    """A container, whatever its state, as a list of them tells of it."""

    id: str
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = MappingProxyType({})
    state: str = ""
    """"created", "running", "exited" and others; Podman 4.3 says "running" for a moment after the end."""
    image: str = ""
    created: float = 0.0
    """Seconds since the epoch; 0 where it is not told."""


@attrs.frozen(kw_only=True)
class PathFacts(Value):
    """What is at a path of a container."""

    link: str = ""
    """Where it leads, if it is a symbolic link: an absolute path of the container."""
    is_program: bool = False
    """Whether it is a file that may be run; a link is one as well."""
