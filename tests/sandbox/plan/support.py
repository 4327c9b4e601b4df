"""A machine that is a table of paths, and engines that are there, for plans."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import attrs

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.container import Container
from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.plan.machine import Machine, PathSeen
from argus_trio.sandbox.plan.outcome import Bare, Contained, Refused
from argus_trio.sandbox.plan.plan import plan

Kind = Literal["file", "folder", "socket", "other"]

DOCKER = EngineFacts(
    kind="docker", version="28.2.2", api_version="1.50", socket=Path("/run/docker.sock"), cpus=8, memory=64 << 30
)
ROOTLESS_DOCKER = attrs.evolve(DOCKER, rootless=True, socket=Path("/run/user/1000/docker.sock"))
PODMAN = attrs.evolve(DOCKER, kind="podman", version="5.4.2", socket=Path("/run/podman/podman.sock"))
ROOTLESS_PODMAN = attrs.evolve(PODMAN, rootless=True, socket=Path("/run/user/1000/podman/podman.sock"))

FOLDERS = (
    "/", "/bin", "/dev", "/etc", "/etc/ssl", "/home", "/home/me", "/home/me/.aws", "/home/me/.config",
    "/home/me/.config/gcloud", "/home/me/.docker", "/home/me/.kube", "/home/me/.ssh", "/home/me/notes",
    "/home/me/notes/2024", "/home/me/project", "/home/me/project/src", "/home/other", "/lib", "/lib64", "/opt",
    "/opt/tool", "/proc", "/root", "/run", "/srv", "/srv/data", "/srv/data/sub", "/sys", "/tmp", "/tmp/work", "/usr",
    "/usr/bin", "/usr/share", "/var", "/var/lib", "/var/lib/docker", "/var/lib/me", "/var/lib/me/homes",
    "/var/lib/me/homes/x", "/var/run", "/work", "/work/data",
)  # fmt: skip
FILES = (
    "/etc/hosts", "/etc/passwd", "/etc/ssl/ca.pem", "/home/me/.aws/credentials", "/home/me/.netrc", "/home/me/.npmrc",
    "/home/me/.ssh/id_ed25519", "/home/me/a b.txt", "/home/me/notes/todo.md", "/home/me/project/server.py",
    "/home/me/project/index.js", "/srv/data/db.sqlite", "/usr/bin/env", "/usr/share/zoneinfo/Europe/Berlin",
    "/work/here.txt", "/work/owner", "/srv/ca.pem",
)  # fmt: skip
SOCKETS = ("/run/docker.sock", "/run/podman/podman.sock", "/tmp/agent.sock", "/srv/mysql.sock", "/srv/docker.sock")
LINKS = {
    "/home/me/link-to-ssh": "/home/me/.ssh",
    "/home/me/link-to-data": "/srv/data",
    "/srv/data/out": "/opt/tool",
    "/srv/etc": "/etc",
    "/var/run/docker.sock": "/run/docker.sock",
    "/etc/localtime": "/usr/share/zoneinfo/Europe/Berlin",
}
"""Only whole paths are links here."""


@attrs.frozen(kw_only=True)
class FakeMachine:
    """What is where; by default it belongs to uid and gid 1000, and others may read it."""

    extra: Mapping[str, PathSeen] = attrs.field(factory=dict)

    def look(self, path: Path) -> PathSeen | None:
        text = str(path)
        if text in self.extra:
            return self.extra[text]
        real = LINKS.get(text, text)
        kinds: tuple[tuple[Kind, tuple[str, ...]], ...] = (("folder", FOLDERS), ("file", FILES), ("socket", SOCKETS))
        for kind, paths in kinds:
            if real in paths:
                return PathSeen(real=Path(real), kind=kind, uid=1000, gid=1000, is_writable=True)
        return None


def here(
    environ: Mapping[str, str] | None = None, *, uid: int = 1000, extra: Mapping[str, PathSeen] | None = None
) -> Machine:
    """A machine with a gateway that `me` runs in /work; the text of every file that is there is one variable."""
    machine = FakeMachine(extra=extra or {})
    return Machine(
        environ={"HOME": "/home/me", "PATH": "/usr/bin", **(environ or {})},
        uid=uid,
        gid=uid,
        user_home=Path("/home/me"),
        homes=Path("/var/lib/me/homes"),
        folder=Path("/work"),
        look=machine.look,
        read=lambda path: "FROM_FILE=1\n" if machine.look(path) is not None else None,
    )


def backend(command: str, *args: str, container: Container | None = None, **more: object) -> StdioBackend:
    """A backend called x."""
    known = StdioBackend(name="x", command=command, args=args, container=container or Container())
    return attrs.evolve(known, **more)  # type: ignore[arg-type]  # tests name fields that there are


def contained(spec: StdioBackend, engine: EngineFound = DOCKER, where: Machine | None = None) -> Contained:
    """The plan of a backend that has to be contained."""
    found = plan(spec, engine, where or here())
    assert isinstance(found, Contained), found
    return found


def bare(spec: StdioBackend, engine: EngineFound = DOCKER, where: Machine | None = None) -> str:
    """Why a backend that has to be bare is."""
    found = plan(spec, engine, where or here())
    assert isinstance(found, Bare), found
    return found.why


def refused(spec: StdioBackend, engine: EngineFound = DOCKER, where: Machine | None = None) -> str:
    """Why a backend that has to be refused is."""
    found = plan(spec, engine, where or here())
    assert isinstance(found, Refused), found
    return found.why


FOLDER = Path("/run/user/1000/argus-trio/abc")


def launch_of(plan: Contained, **more: Any) -> Launch:
    """What would be started for a plan, with an image that has Python."""
    return attrs.evolve(
        Launch(
            backend=plan.backend,
            image="sha256:1",
            shim="python",
            argv=plan.argv,
            env=plan.env,
            cwd=plan.cwd,
            user=plan.user,
            groups=plan.groups,
            home=plan.home,
            mounts=plan.mounts,
            network=plan.network,
            limits=plan.limits,
        ),
        **more,
    )
