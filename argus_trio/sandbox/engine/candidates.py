"""Where an engine may be: what the environment names, or the sockets that engines have by default. Sans I/O."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value

EXPLICIT: Final = ("DOCKER_HOST", "CONTAINER_HOST")
"""The variables that name an engine. What they name is used or nothing."""

_REMOTE: Final = ("tcp", "http", "https", "ssh", "npipe")


@attrs.frozen(kw_only=True)
class EngineCandidate(Value):
    """A socket that an engine may listen on."""

    socket: Path
    variable: str = ""
    """What names it, if it is no default."""

    @property
    def is_podmans(self) -> bool:
        """Whether it is rather Podman's than Docker's, by its name."""
        return self.variable == "CONTAINER_HOST" or "podman" in self.socket.name

    def __str__(self) -> str:
        return f"{self.socket} ({self.variable})" if self.variable else str(self.socket)


@attrs.frozen(kw_only=True)
class OddCandidate(Value):
    """A variable that names no engine that can be used."""

    why: str


def candidates(environ: Mapping[str, str]) -> list[EngineCandidate | OddCandidate]:
    """All candidates, the best first: those of the environment alone, if it has any."""
    named = [_named(name, environ[name].strip()) for name in EXPLICIT if environ.get(name, "").strip()]
    return named or [EngineCandidate(socket=path) for path in _usual(environ)]


def _usual(environ: Mapping[str, str]) -> list[Path]:
    docker = [Path("/run/docker.sock"), Path("/var/run/docker.sock")]
    podman = [Path("/run/podman/podman.sock")]
    if (home := environ.get("HOME", "")).startswith("/"):
        docker.append(Path(home) / ".docker/run/docker.sock")
    if (own := environ.get("XDG_RUNTIME_DIR", "")).startswith("/"):
        docker.append(Path(own) / "docker.sock")
        podman.append(Path(own) / "podman/podman.sock")
    return docker + podman


def _named(variable: str, value: str) -> EngineCandidate | OddCandidate:
    scheme, separator, rest = value.partition("://")
    if separator and scheme in _REMOTE:  # without the rest: it may hold a password
        return OddCandidate(
            why=f"{variable} is {scheme}://…, which shares neither folders nor sockets with this machine: "
            "isolation needs an engine at a Unix socket (unix:///PATH)"
        )
    if not separator and value.startswith("/"):
        return OddCandidate(why=f"{variable} is {value}, which is no address: write unix://{value}")
    if scheme != "unix" or not separator:
        return OddCandidate(why=f"{variable} names no Unix socket: write unix:///PATH")
    if not rest.startswith("/"):
        return OddCandidate(why=f"{variable} is {value}, which is not absolute: write unix:///PATH")
    return EngineCandidate(socket=Path(rest), variable=variable)
