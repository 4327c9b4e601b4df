"""How a stdio backend is isolated: in which container it runs, from which image, and what that one may reach."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about

SIZE: Final = r"^[0-9]+ ?([kKmMgG]([iI]?[bB])?|[bB])?$"
"""How a size may be written as a text: a number of bytes, or of the units that everyone else takes for memory."""
AMOUNT: Final = r"^[0-9]*\.?[0-9]+$"
"""How a number may be written as a text: in quotes, as everyone else has it for processors."""

IsolationSetting = Literal["auto", "required", "off"]
"""auto isolates what can be isolated, and says what cannot; required refuses to run anything bare."""
NetworkMode = Literal["public", "allow", "none", "bridge"]


@attrs.frozen(kw_only=True)
class NetworkSpec(Value):
    """What a container may reach. In the file it is a word, or a mapping with `allow` alone."""

    mode: NetworkMode = "public"
    """No key of the file: `allow` if that is there."""
    allow: tuple[str, ...] = attrs.field(
        default=(),
        metadata=about(
            "HOST:PORT that may be reached, and nothing else; *.example.com:443 for subdomains", or_one=True
        ),
    )


@attrs.frozen(kw_only=True)
class MountSpec(Value):
    """A file or folder of this machine that a container sees."""

    source: Path = attrs.field(metadata=about("the file or folder on this machine"))
    target: str | None = attrs.field(default=None, metadata=about("where it is in the container; default: as here"))
    mode: Literal["ro", "rw"] = attrs.field(default="ro", metadata=about("rw lets the backend change it"))
    selinux: Literal["shared", "private"] | None = attrs.field(
        default=None, metadata=about("relabels it on hosts with SELinux, for several containers or for this one alone")
    )


@attrs.frozen(kw_only=True)
class Container(Value):
    """How a stdio backend is isolated. A key that is not there is decided by the rest, and by the machine."""

    isolation: IsolationSetting | None = attrs.field(
        default=None, metadata=about("auto, required or off; default: what stands at the top level")
    )
    enabled: bool = attrs.field(default=True, metadata=about("false is the same as isolation: off"))
    image: str | None = attrs.field(default=None, metadata=about("an image to run command and args in, as it is"))
    dockerfile: Path | None = attrs.field(
        default=None, metadata=about("a Dockerfile to build the image of; its folder is the build context")
    )
    packages: tuple[str, ...] = attrs.field(
        default=(),
        repr=False,
        metadata=about("what is installed into the image, besides what the command names", or_one=True),
    )
    base_image: str | None = attrs.field(
        default=None, metadata=about("what the image is built on; default: python:3.13-slim or node:22-slim")
    )
    ca_bundle: Path | None = attrs.field(
        default=None, metadata=about("a PEM bundle that installations and the backend trust; default: SSL_CERT_FILE")
    )
    index_url: str | None = attrs.field(
        default=None, repr=False, metadata=about("the Python package index; default: PIP_INDEX_URL, UV_INDEX_URL")
    )
    npm_registry: str | None = attrs.field(
        default=None, repr=False, metadata=about("the npm registry; default: npm_config_registry")
    )
    runtime: Literal["auto", "docker", "podman"] = attrs.field(
        default="auto", metadata=about("the engine to use; auto takes the first that answers")
    )
    memory: int = attrs.field(
        default=1024 * 1024 * 1024,
        metadata=about(
            "bytes of memory, or such as 512m, without swap beyond it", minimum=16 * 1024 * 1024, written=SIZE
        ),
    )
    cpus: float = attrs.field(
        default=2.0, metadata=about("processors, at most those there are", minimum=0.01, written=AMOUNT)
    )
    pids: int = attrs.field(default=512, metadata=about("processes and threads at once", minimum=8))
    home: Literal["kept", "tmpfs"] | None = attrs.field(
        default=None, metadata=about("kept is a folder that survives restarts, tmpfs an empty one; default: kept")
    )
    mounts: tuple[MountSpec, ...] = attrs.field(
        default=(), metadata=about("files and folders that it sees, besides those that args, cwd and env name")
    )
    network: NetworkSpec | None = attrs.field(
        default=None,
        metadata=about(
            "what it reaches: public addresses by name, nothing, what the engine's own network does, or what allow "
            "names; default: public"
        ),
    )
    host_services: tuple[str, ...] = attrs.field(
        default=(),
        metadata=about("NAME:PORT of services that it may reach although they are private or local", or_one=True),
    )
    strict: bool = attrs.field(
        default=False,
        metadata=about(
            "true makes network none, home tmpfs and no automatic mounts the defaults, and nothing of it runs bare"
        ),
    )

    @property
    def setting(self) -> IsolationSetting:
        """Whether it is to be isolated; `isolation` is written out by the time that a configuration is loaded."""
        return "off" if not self.enabled else self.isolation or "auto"
