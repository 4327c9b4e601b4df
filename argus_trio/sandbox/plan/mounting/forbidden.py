"""Paths that no container sees by itself, and those that it never sees: the machine's own, homes, keys and sockets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from argus_trio.sandbox.plan.machine import Machine, PathSeen

SYSTEM: Final = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run", "/sbin", "/sys", "/usr",
    "/var/run", "/var/lib/docker", "/var/lib/containers", "/var/lib/containerd", "/var/lib/kubelet", "/var/spool/cron",
    "/System", "/Library",
)  # fmt: skip
"""Folders of the system, with all that is below."""
_ABOVE_ALL: Final = frozenset({
    "/", "/home", "/Users", "/root", "/var", "/var/lib", "/var/log", "/mnt", "/media", "/opt", "/srv",
    "/tmp", "/var/tmp",  # noqa: S108
})  # fmt: skip
"""Folders that hold what belongs to many; what is below each is for its owner to name."""
_KEYS: Final = (
    ".ssh", ".gnupg", ".aws", ".kube", ".azure", ".docker", ".config/gcloud", ".config/gh", ".config/op",
    ".config/containers", ".config/rclone", ".config/argus-trio", ".password-store", ".local/share/keyrings",
    ".local/share/containers", ".netrc", ".pgpass", ".git-credentials", ".npmrc", ".pypirc", ".vault-token",
    ".terraform.d", ".cargo/credentials", ".cargo/credentials.toml", ".mozilla", ".config/google-chrome",
)  # fmt: skip
"""What holds keys, below the home folder of a user."""
_KEY_FOLDERS: Final = frozenset({".ssh", ".gnupg", ".aws", ".kube", ".azure", ".docker", ".password-store"})
"""Those that hold keys wherever they are."""
_HOME_MARKS: Final = (".ssh", ".gnupg", ".aws", ".kube")
"""What tells that a folder is somebody's home, wherever it is."""
_ENGINE_SOCKETS: Final = frozenset({
    "docker.sock", "podman.sock", "containerd.sock", "crio.sock", "buildkitd.sock", "docker-raw.sock",
})  # fmt: skip
_USUAL_SOCKETS: Final = ("/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock")
_SOCKETS_OF_USER: Final = (
    ".docker/run/docker.sock", ".docker/desktop/docker.sock", ".colima/default/docker.sock", ".rd/docker.sock",
    ".orbstack/run/docker.sock",
)  # fmt: skip
"""Where engines of a user listen, below the home folder."""
_BELOW_A_FOLDER: Final = ("podman/podman.sock", "containerd/containerd.sock", "crio/crio.sock")
OF_AN_ENGINE: Final = "the socket of a container engine"
HOLDS_AN_ENGINE: Final = f"a folder that holds {OF_AN_ENGINE}"


def is_below(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or something in it."""
    return path == folder or folder in path.parents


def is_of_system(path: Path) -> bool:
    """Whether a path is the root of all, or in a folder of the system."""
    return str(path) == "/" or any(is_below(path, Path(each)) for each in SYSTEM)


def why_not(path: Path, seen: PathSeen, machine: Machine) -> str | None:
    """What a path is that is not mounted by itself, such as "a system folder"; None for one that may be."""
    for each in (path, seen.real):
        if (why := _by_name(each, machine)) is not None:
            return why
    if is_engine_socket(path, seen, machine):
        return HOLDS_AN_ENGINE if seen.kind == "folder" else OF_AN_ENGINE
    if seen.kind == "socket":
        return "a socket"
    if seen.kind == "other":
        return "neither a file nor a folder"
    return "a folder that holds keys" if _holds_keys(seen.real, machine) else None


def is_engine_socket(path: Path, seen: PathSeen, machine: Machine) -> bool:
    """Whether a path is the socket of a container engine, or a folder that is known to hold one.

    That it is mounted read-only keeps nobody from connecting there.
    """
    if not _ENGINE_SOCKETS.isdisjoint((path.name, seen.real.name)):
        return True
    sockets = [Path(each) for each in _USUAL_SOCKETS]
    found = None if machine.engine_socket is None else machine.look(machine.engine_socket)
    if machine.engine_socket is not None:
        sockets.append(machine.engine_socket)
    if found is not None:
        sockets.append(found.real)
        if seen.identity is not None and seen.identity == found.identity:
            return True
    if any(is_below(each, place) for each in sockets for place in (path, seen.real)):
        return True
    return seen.kind == "folder" and any(_is_socket(each, machine) for each in _held(seen.real, machine))


def has_our_sockets(seen: PathSeen, machine: Machine) -> bool:
    """Whether a place is, or holds, the folder in which containers and the gateway have their sockets."""
    service, own = (
        machine.environ.get("RUNTIME_DIRECTORY", "").split(":")[0],
        machine.environ.get("XDG_RUNTIME_DIR", ""),
    )
    folders = [Path(each) for each in (service, own and f"{own}/argus-trio") if each.startswith("/")]
    return any(is_below(each, seen.real) or is_below(seen.real, each) for each in folders)


def _held(folder: Path, machine: Machine) -> list[Path]:
    """Where in a folder an engine may listen."""
    found = [folder / each for each in (*_ENGINE_SOCKETS, *_BELOW_A_FOLDER)]
    if machine.user_home is not None:
        found += [each for name in _SOCKETS_OF_USER if is_below(each := machine.user_home / name, folder)]
    return found


def _is_socket(path: Path, machine: Machine) -> bool:
    seen = machine.look(path)
    return seen is not None and seen.kind == "socket"


def leads_out(path: Path, seen: PathSeen, writable: Iterable[Path], machine: Machine) -> Path | None:
    """The folder, of those that a backend may change, out of which a path leads by a link that it may have made."""
    above = [found.real for each in path.parents if (found := machine.look(each)) is not None]
    for folder in writable:
        known = machine.look(folder)
        real = folder if known is None else known.real
        if any(is_below(each, real) for each in above) and not is_below(seen.real, real):
            return folder
    return None


def _by_name(path: Path, machine: Machine) -> str | None:
    if path.name in _ENGINE_SOCKETS:
        return OF_AN_ENGINE
    if str(path) in _ABOVE_ALL or any(is_below(path, Path(each)) for each in SYSTEM):
        return "a system folder" if str(path) in _ABOVE_ALL else "part of the system"
    if path.parent in (Path("/home"), Path("/Users")):
        return "a user's home folder"
    if machine.user_home is not None and is_below(machine.user_home, path):
        return "your home folder" if path == machine.user_home else "a folder that holds your home"
    if is_below(path, machine.homes):
        return "where the homes of backends are kept"
    if is_below(machine.homes, path):
        return "a folder that holds the homes of backends"
    if _KEY_FOLDERS.intersection(path.parts):
        return "a place for keys"
    home = _home_of(path, machine)
    if home is not None and any(is_below(path, home / each) for each in _KEYS):
        return "a place for keys"
    if home is not None and any(is_below(home / each, path) for each in _KEYS if "/" in each):
        return "a folder that holds keys"
    return None


def _home_of(path: Path, machine: Machine) -> Path | None:
    """The home folder that a path is in."""
    if machine.user_home is not None and is_below(path, machine.user_home):
        return machine.user_home
    for above in ("/home", "/Users"):
        if is_below(path, Path(above)) and len(path.parts) > 2:
            return Path(above, path.parts[2])
    return Path("/root") if is_below(path, Path("/root")) else None


def _holds_keys(path: Path, machine: Machine) -> bool:
    return any(machine.look(path / each) is not None for each in _HOME_MARKS)
