"""What of this machine a container sees: what the configuration mounts, and, read-only, what the backend names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.container import MountSpec
from argus_trio.sandbox.plan.machine import Machine, PathSeen
from argus_trio.sandbox.plan.mounting.forbidden import (
    HOLDS_AN_ENGINE,
    OF_AN_ENGINE,
    has_our_sockets,
    is_below,
    is_engine_socket,
    is_of_system,
    leads_out,
    why_not,
)
from argus_trio.sandbox.plan.mounting.paths import MissingPath, NamedPath
from argus_trio.sandbox.plan.outcome import CA_TARGET, HOME_TARGET, Mount
from argus_trio.sandbox.plan.refusal import PlanRefused

MAX_MOUNTS: Final = 64
"""How many files and folders a container may see: each costs its start some time, and a shell's `*` names many."""
RUN_FOLDER: Final = "/run/argus"
"""Where a container has its pipes, its sockets and its shim."""
_TAKEN: Final = frozenset({
    "/", "/dev", "/etc", "/etc/hosts", "/etc/resolv.conf", "/proc", "/run", "/sys", "/usr", "/tmp",  # noqa: S108
    HOME_TARGET, CA_TARGET, RUN_FOLDER,
})  # fmt: skip
"""Where nothing can be mounted, for a container has its own there."""
_TAKEN_BELOW: Final = (RUN_FOLDER, "/proc", "/sys", "/dev")


@attrs.frozen(kw_only=True)
class Mounts(Value):
    """What is mounted, and what there is to say of it."""

    mounts: tuple[Mount, ...] = ()
    seen: tuple[PathSeen, ...] = ()
    """What is at the sources, in the same order."""
    notes: tuple[str, ...] = ()
    has_relative: bool = False
    """Whether a relative path was taken, so that the working directory has to be the same inside."""


def explicit_mount(
    spec: MountSpec, machine: Machine, *, writable: Iterable[Path] = (), named: str = "container.mounts"
) -> tuple[Mount, PathSeen]:
    """A mount that the configuration has; `named` is where, `writable` what the same backend may change.

    Raises:
        PlanRefused: it cannot be made, or never is.
    """
    source = machine.absolute(spec.source)
    seen = machine.look(source)
    if seen is None:
        raise PlanRefused(f"{named}: {source} is not there: create it, or correct its path")
    if is_engine_socket(source, seen, machine):
        raise PlanRefused(
            f"{named}: {source} is, or holds, the socket of a container engine, which is all power over this "
            "machine: no container gets it; for a backend that needs it write isolation: off"
        )
    if has_our_sockets(seen, machine):
        raise PlanRefused(
            f"{named}: {source} is, or holds, where containers and this gateway have their sockets, which lead out of "
            "them: no container gets it; name what is meant in it"
        )
    if is_below(seen.real, Path("/proc")):
        raise PlanRefused(
            f"{named}: {source} tells of the processes of this machine, and of their secrets: no container gets it; "
            "leave it out"
        )
    if (folder := leads_out(source, seen, (*writable, machine.homes), machine)) is not None:
        raise PlanRefused(f"{named}: {led_out(source, seen, folder)}: write {seen.real} in its place if that is meant")
    target = spec.target or str(source)
    if not target.startswith("/") or ".." in Path(target).parts:
        raise PlanRefused(f"{named}: target {target} is not an absolute path: write one such as /data")
    target = f"/{target.strip('/')}"
    if target in _TAKEN or any(is_below(Path(target), Path(each)) for each in _TAKEN_BELOW):
        raise PlanRefused(f"{named}: {target} is the container's own: write another target for {source}, such as /data")
    mount = Mount(source=seen.real, target=target, is_writable=spec.mode == "rw", selinux=spec.selinux)
    return mount, seen


def gather(
    explicit: Iterable[tuple[Mount, PathSeen]],
    named: Iterable[NamedPath | MissingPath],
    machine: Machine,
    *,
    is_lenient: bool,
) -> Mounts:
    """All mounts: the explicit ones, and what is named and not covered by them.

    `is_lenient`: what may not be mounted is left out and noted, for an image may have something of its own there.

    Raises:
        PlanRefused: something that is named is not mounted by itself; the text says what to write.
    """
    chosen: dict[str, tuple[Mount, PathSeen]] = {}
    for mount, seen in explicit:
        if mount.target in chosen:
            raise PlanRefused(f"container.mounts: {mount.target} is mounted twice: leave one out")
        chosen[mount.target] = (mount, seen)
    notes: list[str] = []
    has_relative = False
    for each in named:
        if isinstance(each, MissingPath):
            if _covering(each.path, chosen) is None and (note := _cannot_be_made(each, machine)) is not None:
                notes.append(note)
            continue
        has_relative = has_relative or each.is_relative
        _add(each, chosen, notes, machine, is_lenient=is_lenient)
    if len(chosen) > MAX_MOUNTS:
        raise PlanRefused(
            f"{len(chosen)} files and folders are named, and at most {MAX_MOUNTS} are mounted: name a folder with "
            "all of them"
        )
    ordered = sorted(chosen.values(), key=lambda pair: pair[0].target)
    return Mounts(
        mounts=tuple(mount for mount, _ in ordered),
        seen=tuple(seen for _, seen in ordered),
        notes=tuple(notes),
        has_relative=has_relative,
    )


def _add(
    named: NamedPath, chosen: dict[str, tuple[Mount, PathSeen]], notes: list[str], machine: Machine, *, is_lenient: bool
) -> None:
    inside = named.target or named.path
    cover = _covering(inside, chosen)
    if cover is not None and is_below(named.seen.real, cover.source):
        return
    # Below what is mounted a link leads elsewhere: there, under its real name, it is looked for.
    path = named.path
    if cover is not None:
        path = inside = named.seen.real
        if _covering(inside, chosen) is not None:
            return
    why = why_not(path, named.seen, machine)
    if why is None and (str(inside) in _TAKEN or any(is_below(inside, Path(each)) for each in _TAKEN_BELOW)):
        why = "the container's own"
    if why is not None:
        if is_lenient:
            notes.append(f"{named.why} names {path}, {why}, which is not mounted by itself")
            return
        raise PlanRefused(_refusal(named, path, why))
    _check_links(named, chosen, machine)
    for target in [each for each, (mount, _) in chosen.items() if mount.why and is_below(Path(each), inside)]:
        if is_below(chosen[target][0].source, named.seen.real):
            del chosen[target]
    mount = Mount(source=named.seen.real, target=str(inside), why=named.why)
    chosen[mount.target] = (mount, named.seen)


def check_file(path: Path, machine: Machine, writable: Iterable[Path], named: str) -> None:
    """Let a file be read for a backend, or be shown to it.

    Raises:
        PlanRefused: it is another one by a link that the backend may have made.
    """
    seen = machine.look(path)
    if seen is not None and (folder := leads_out(path, seen, writable, machine)) is not None:
        raise PlanRefused(f"{named}: {led_out(path, seen, folder)}: write {seen.real} in its place if that is meant")


def may_change(spec: StdioBackend, machine: Machine) -> tuple[Path, ...]:
    """What of this machine the file lets a backend change."""
    return tuple(machine.absolute(each.source) for each in spec.container.mounts if each.mode == "rw")


def _check_links(named: NamedPath, chosen: dict[str, tuple[Mount, PathSeen]], machine: Machine) -> None:
    writable = (mount.source for mount, _ in chosen.values() if mount.is_writable)
    if (folder := leads_out(named.path, named.seen, writable, machine)) is not None:
        raise PlanRefused(
            f"{named.why}: {led_out(named.path, named.seen, folder)}: if that is meant, write container: "
            f"{{mounts: [{{source: {named.seen.real}}}]}}"
        )


def _covering(path: Path, chosen: dict[str, tuple[Mount, PathSeen]]) -> Mount | None:
    """The innermost mount that a path is in."""
    covers = [mount for target, (mount, _) in chosen.items() if is_below(path, Path(target))]
    return max(covers, key=lambda mount: len(Path(mount.target).parts), default=None)


def _cannot_be_made(missing: MissingPath, machine: Machine) -> str | None:
    """What to say of a file that is to be made; None where it is most likely none of this machine."""
    folder = missing.path.parent
    seen = machine.look(missing.above)
    if seen is None or not seen.is_writable or is_of_system(missing.above):
        return None
    is_lost = is_below(missing.path, Path("/tmp"))  # noqa: S108 - the container has one of its own
    outcome = "what is made there is lost when it ends" if is_lost else "cannot be made"
    said = f"{missing.why} names {missing.path}, which is not there and {outcome}: for that "
    if folder != missing.above:
        return f"{said}make {folder}, and mount it with mode: rw"
    if why_not(folder, seen, machine) is not None:
        return f"{said}name one in a folder of its own, and mount that with mode: rw"
    return f"{said}mount {folder} with mode: rw"


def led_out(path: Path, seen: PathSeen, folder: Path) -> str:
    """What is to be said of a path that `leads_out` of a folder."""
    return f"{path} leads to {seen.real} by a link in {folder}, which a backend may change, and may have made it"


def _refusal(named: NamedPath, path: Path, why: str) -> str:
    if why in (OF_AN_ENGINE, HOLDS_AN_ENGINE):
        return (
            f"{named.why} names {path}, {why}, which is all power over this machine: no container gets it; for a "
            "backend that needs it write isolation: off"
        )
    if str(path) in ("/", "/run", "/var", "/var/run") or is_below(path, Path("/proc")):
        return f"{named.why} names {path}, {why}, which is not mounted: name what is meant below it"
    if str(path) in _TAKEN:
        return (
            f"{named.why} names {path}, {why}, which is not mounted by itself: if it is meant, write container: "
            f"{{mounts: [{{source: {path}, target: /host{path}}}]}}, and /host{path} in its place"
        )
    return (
        f"{named.why} names {path}, {why}, which is not mounted by itself: if it is meant, write "
        f"container: {{mounts: [{{source: {path}}}]}}"
    )


def target_folders(mounts: Iterable[Mount]) -> tuple[str, ...]:
    """The folders of an image that hide what is mounted below them from all but root, such as its `/root`."""
    return ("/root",) if any(is_below(Path(each.target), Path("/root")) for each in mounts) else ()
