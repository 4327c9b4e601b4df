"""Who a container is, by engine: never root of this machine, and where it can be the gateway's own user.

And who it finds that it is: many programs ask for the name of their user, and fail where it has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from argus_trio import Value
from argus_trio.sandbox.plan.engine_facts import EngineFacts
from argus_trio.sandbox.plan.environment import USER
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.plan.machine import Machine, PathSeen
from argus_trio.sandbox.plan.outcome import NOBODY


@attrs.frozen(kw_only=True)
class ContainerUser(Value):
    """A user inside."""

    text: str
    """UID:GID inside."""
    is_gateway: bool
    """Whether it is the gateway's own user outside."""
    uid: int
    """Outside; -1 where that is not known."""
    gid: int


def container_user(facts: EngineFacts, machine: Machine, mounted: Iterable[PathSeen] = ()) -> ContainerUser:
    """Who a container with these mounts is.

    Rootless Docker has the gateway's own user as 0, without any power over this machine; rootless Podman keeps its id.
    Where an engine maps ids to those of somebody else, nobody knows here to which.
    """
    if facts.rootless and machine.uid != 0:
        text = "0:0" if facts.kind == "docker" else f"{machine.uid}:{machine.gid}"
        return ContainerUser(text=text, is_gateway=True, uid=machine.uid, gid=machine.gid)
    if facts.user_namespace or facts.rootless:
        return ContainerUser(text=NOBODY, is_gateway=False, uid=-1, gid=-1)
    if machine.uid != 0:
        return ContainerUser(text=f"{machine.uid}:{machine.gid}", is_gateway=True, uid=machine.uid, gid=machine.gid)
    owners = {(seen.uid, seen.gid) for seen in mounted}
    if len({uid for uid, _ in owners}) == 1 and (found := min(owners))[0] != 0:
        return ContainerUser(text=f"{found[0]}:{found[1]}", is_gateway=False, uid=found[0], gid=found[1])
    uid, gid = (int(each) for each in NOBODY.split(":"))
    return ContainerUser(text=NOBODY, is_gateway=False, uid=uid, gid=gid)


def keeps_id(facts: EngineFacts) -> bool:
    """Whether a container has to be asked for the ids of outside."""
    return facts.kind == "podman" and facts.rootless


def may(user: ContainerUser, seen: PathSeen, *, write: bool = False) -> bool:
    """Whether that user may read what is mounted, or change it."""
    if user.is_gateway:
        return seen.is_writable if write else seen.is_readable
    needed = (0o2 if write else 0o4) | (0o1 if seen.kind == "folder" else 0)
    shift = 6 if seen.uid == user.uid else 3 if seen.gid == user.gid else 0
    return (seen.mode >> shift) & needed == needed


def needed_groups(user: ContainerUser, machine: Machine, mounted: Iterable[PathSeen]) -> tuple[int, ...]:
    """The gateway's further groups without which its user could not read what it may read itself."""
    if not user.is_gateway:
        return ()
    needed = {
        seen.gid
        for seen in mounted
        if seen.gid in machine.groups and seen.uid != user.uid and seen.gid != user.gid and seen.mode & 0o5 == 0
    }
    return tuple(sorted(needed))


def user_files(launch: Launch) -> Mapping[str, str]:
    """Files for /etc of a container, by name: its user, whose id is one of this machine's, and those of every image.

    Empty where the image keeps its own.
    """
    uid, _, gid = launch.user.partition(":")
    if not launch.names_user or not uid.isdigit() or not gid.isdigit():
        return {}
    users = [f"{USER}:x:{uid}:{gid}:{USER}:{launch.home_target}:/bin/sh", "root:x:0:0:root:/root:/bin/sh"]
    groups = [f"{USER}:x:{gid}:", "root:x:0:", *(f"group{each}:x:{each}:{USER}" for each in launch.groups)]
    users.append("nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin")
    groups.append("nogroup:x:65534:")
    files = {"passwd": users, "group": groups}
    taken = {each.target for each in launch.mounts}
    return {name: "\n".join([*lines, ""]) for name, lines in files.items() if f"/etc/{name}" not in taken}
