"""What a plan says of a backend: it is contained, bare for a reason, or refused for a reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.sandbox.plan.network import NetworkPolicy

ShimKind = Literal["python", "node"]
"""The interpreter of an image that runs the shim."""
PACKAGE_PROGRAM: Final = "/usr/local/bin/argus-package-program"
"""Where an image of npm packages has the program of the first one, as `npx` would find it."""
HOME_TARGET: Final = "/home/argus"
"""Where a container has its home, unless its backend says otherwise for an image of its own."""
CA_TARGET: Final = "/run/argus-ca.pem"
"""Where a backend sees the CA bundle that it is to trust."""
NOBODY: Final = "65532:65532"
"""Who a container is where the gateway is root."""


@attrs.frozen(kw_only=True)
class InstalledImage(Value):
    """An image that is made of a base and packages; `sandbox/image` makes it."""

    base: str
    kind: ShimKind
    packages: tuple[str, ...] = attrs.field(repr=False)
    """Requirements of pip, or specs of npm, in order; the first one is what the backend is. May hold credentials."""
    ca_bundle: Path | None = None
    index_url: str | None = attrs.field(default=None, repr=False)
    extra_index_urls: tuple[str, ...] = attrs.field(default=(), repr=False)
    npm_registry: str | None = attrs.field(default=None, repr=False)
    links_program: bool = False
    """Whether the program of the first package is linked as `PACKAGE_PROGRAM`: its only one, else the one that is named
    like the package without its scope. For npm, where nothing outside of a package tells what its program is called."""
    with_prereleases: bool = False
    """Whether pip may take versions that are none yet."""


@attrs.frozen(kw_only=True)
class GivenImage(Value):
    """An image that is there, or pulled, and run as it is."""

    reference: str
    pull: Literal["missing", "always", "never"] = "missing"


@attrs.frozen(kw_only=True)
class DockerfileImage(Value):
    """An image that the engine builds of a Dockerfile; its folder is the context."""

    dockerfile: Path


ImagePlan = InstalledImage | GivenImage | DockerfileImage


@attrs.frozen(kw_only=True)
class Mount(Value):
    """A file or folder of this machine in a container."""

    source: Path
    target: str
    is_writable: bool = False
    selinux: Literal["shared", "private"] | None = None
    why: str = ""
    """What names it, such as "args[1]"; empty for what the configuration mounts."""

    def __str__(self) -> str:
        return f"{self.source}:{self.target}:{'rw' if self.is_writable else 'ro'}"


@attrs.frozen(kw_only=True)
class ResourceLimits(Value):
    """How much of the machine a container may take."""

    memory: int
    """Bytes, without swap beyond it."""
    cpus: float
    pids: int
    files: int = 1024 * 16
    """Open files of each process, at most what the engine itself may have."""
    tmp: int = 256 * 1024 * 1024
    """Bytes of /tmp, and of a home that is not kept."""


@attrs.frozen(kw_only=True)
class Contained(Value):
    """The backend runs in a container."""

    backend: str
    image: ImagePlan
    argv: tuple[str, ...] = attrs.field(repr=False)
    """What is executed there; for a given image without a command its own, with these as arguments."""
    uses_entrypoint: bool = False
    """Whether `argv` are arguments of the image's own entrypoint."""
    env: Mapping[str, str] = attrs.field(default=MappingProxyType({}), repr=False)
    cwd: str | None = None
    mounts: tuple[Mount, ...] = ()
    home: Path | None = None
    """The folder of this machine that is its home; None: an empty one in memory."""
    home_target: str = HOME_TARGET
    """Where its home is in the container."""
    user: str = NOBODY
    """UID:GID in the container."""
    groups: tuple[int, ...] = ()
    """Further groups, without which it could not read what is mounted."""
    network: NetworkPolicy
    limits: ResourceLimits
    notes: tuple[str, ...] = ()
    """What its user should know: what was mounted by itself, what was dropped."""
    lacks: tuple[str, ...] = ()
    """Those of the notes that tell what is named and is not there inside: what it fails of, if it fails."""


@attrs.frozen(kw_only=True)
class Bare(Value):
    """The backend runs as a process of the gateway, as it would without an engine."""

    why: str
    """One sentence, with the way out where there is one."""


@attrs.frozen(kw_only=True)
class Refused(Value):
    """The backend does not run."""

    why: str
    """One sentence, with what to write."""


Plan = Contained | Bare | Refused
