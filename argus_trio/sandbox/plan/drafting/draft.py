"""A draft of a container: what is run in which image. Finished, it has mounts, variables, a user and limits as well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.backend import StdioBackend
from argus_trio.core.call.via import VARIABLE
from argus_trio.sandbox.plan.drafting.habits import told
from argus_trio.sandbox.plan.drafting.services import services_named
from argus_trio.sandbox.plan.drafting.sources import Trusted
from argus_trio.sandbox.plan.engine_facts import EngineFacts
from argus_trio.sandbox.plan.environment import environment, trusting
from argus_trio.sandbox.plan.machine import Machine, PathSeen
from argus_trio.sandbox.plan.mounting.forbidden import is_below
from argus_trio.sandbox.plan.mounting.mounts import Mounts, explicit_mount, gather, may_change
from argus_trio.sandbox.plan.mounting.paths import MissingPath, NamedPath, paths_of_args, paths_of_env
from argus_trio.sandbox.plan.network import NetworkPolicy, network_policy
from argus_trio.sandbox.plan.outcome import (
    CA_TARGET,
    HOME_TARGET,
    Contained,
    GivenImage,
    ImagePlan,
    InstalledImage,
    Mount,
    ResourceLimits,
)
from argus_trio.sandbox.plan.refusal import PlanRefused
from argus_trio.sandbox.plan.user import ContainerUser, container_user, may, needed_groups

CHANGED_BY: Final = "what it is to change is to stand in container.mounts, with mode: rw"


@attrs.frozen(kw_only=True)
class Draft(Value):
    """What is known of a container before this machine was looked at."""

    image: ImagePlan
    argv: tuple[str, ...] = attrs.field(repr=False)
    args: tuple[str, ...] = attrs.field(default=(), repr=False)
    """The last arguments of the command line, those of the backend itself: what they name is mounted."""
    first: int = 0
    """At which place of `args` in the file they begin."""
    uses_entrypoint: bool = False
    trusted: Trusted | None = None
    env: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    """Its variables where the command line says which; None: those of the spec."""
    mounts: tuple[tuple[Mount, PathSeen], ...] = ()
    """What the command line mounts."""
    cwd: str | None = None
    network: Literal["none", "bridge"] | None = None
    user: str | None = None
    takes_folders: bool = False
    """Whether a script among the arguments means its folder."""
    names_paths: bool = True
    """Whether arguments, folder and variables are about this machine, and not about the inside of the image."""
    follows_engine: bool = False
    """Whether the command line is an engine's own, which gives a container its network."""
    notes: tuple[str, ...] = ()


def finished(spec: StdioBackend, draft: Draft, facts: EngineFacts, machine: Machine) -> Contained:
    """The whole plan.

    Raises:
        PlanRefused, ValueError: it would not be what is asked for; the text is the sentence.
    """
    container = spec.container
    network = _network(spec, draft)
    mounts = _mounts(spec, draft, machine)
    user = _user(draft, facts, machine, mounts)
    keeps_home = (container.home or ("tmpfs" if container.strict else "kept")) == "kept"
    env, left_out = _environment(spec, draft, machine)
    inside = told(draft.image, env, draft.argv)
    services = services_named(draft.args, draft.first, spec.env if draft.env is None else draft.env, network)
    lacks = dict.fromkeys((*mounts.notes, *services))
    notes = [*draft.notes, *inside.notes, *mounts.notes, *_of_engine(facts), *_of_given(draft, network)]
    notes += [*_mounted(mounts), *services]
    notes += [f"env.{name} is left out, for the container has its own" for name in left_out]
    every = mounts.mounts
    if draft.trusted is not None:
        every = (*every, Mount(source=draft.trusted.path, target=CA_TARGET))
    return Contained(
        backend=spec.name,
        image=draft.image,
        argv=inside.argv,
        uses_entrypoint=draft.uses_entrypoint,
        env=MappingProxyType(dict(inside.env)),
        cwd=_cwd(spec, draft, machine, mounts, notes),
        mounts=every,
        home=machine.homes / spec.name if keeps_home else None,
        home_target=HOME_TARGET,
        user=user.text,
        groups=needed_groups(user, machine, mounts.seen),
        network=network,
        limits=ResourceLimits(
            memory=min(container.memory, facts.memory) if facts.memory else container.memory,
            cpus=min(container.cpus, float(max(facts.cpus, 1))),
            pids=container.pids,
        ),
        notes=tuple(dict.fromkeys(notes)),
        lacks=tuple(lacks),
    )


def _mounted(mounts: Mounts) -> list[str]:
    named = [f"{each.why} names {each.source}, which it sees read-only" for each in mounts.mounts if each.why]
    return [*named, CHANGED_BY] if named else []


def _network(spec: StdioBackend, draft: Draft) -> NetworkPolicy:
    policy = network_policy(spec.container, draft.network)
    is_engines_own = draft.follows_engine and policy.mode == "public" and spec.container.network is None
    return attrs.evolve(policy, without_filter="bridge") if is_engines_own else policy


def _of_given(draft: Draft, network: NetworkPolicy) -> tuple[str, ...]:
    """What is to be said of an image that nobody has looked into yet."""
    if isinstance(draft.image, InstalledImage) or network.mode in ("none", "bridge"):
        return ()
    if network.without_filter == "bridge":
        return ("if the image has neither Python nor Node for the filter, its network is the engine's own",)
    return (
        "if the image has neither Python nor Node for the filter, it has no network: for the engine's own write "
        "network: bridge",
    )


def _of_engine(facts: EngineFacts) -> tuple[str, ...]:
    if not facts.missing_limits:
        return ()
    return (f"{facts} limits no {' and no '.join(facts.missing_limits)} on this machine",)


def _mounts(spec: StdioBackend, draft: Draft, machine: Machine) -> Mounts:
    own = spec.container.mounts
    writable = may_change(spec, machine)
    explicit = [explicit_mount(each, machine, writable=writable) for each in own]
    taken = {mount.target for mount, _ in explicit}
    explicit += [each for each in draft.mounts if each[0].target not in taken]
    named = [] if spec.container.strict or not draft.names_paths else _named(spec, draft, machine)
    is_given = not isinstance(draft.image, InstalledImage)
    return gather(explicit, named, machine, is_lenient=is_given)


def _named(spec: StdioBackend, draft: Draft, machine: Machine) -> list[NamedPath | MissingPath]:
    found: list[NamedPath | MissingPath] = []
    if spec.cwd is not None:
        cwd = machine.absolute(spec.cwd)
        seen = machine.look(cwd)
        if seen is not None and seen.kind == "folder":
            found.append(NamedPath(path=cwd, seen=seen, why="cwd"))
        elif isinstance(draft.image, InstalledImage):
            raise PlanRefused(f"cwd: {cwd} is no folder of this machine: correct it, or leave it out")
    found += paths_of_args(draft.args, draft.first, machine, spec.cwd, takes_folders=draft.takes_folders)
    found += paths_of_env(spec.env, machine, spec.cwd)
    return found


def _user(draft: Draft, facts: EngineFacts, machine: Machine, mounts: Mounts) -> ContainerUser:
    if draft.user is not None:
        uid, _, gid = draft.user.partition(":")
        return ContainerUser(text=draft.user, is_gateway=int(uid) == machine.uid, uid=int(uid), gid=int(gid))
    user = container_user(facts, machine, mounts.seen)
    for mount, seen in zip(mounts.mounts, mounts.seen, strict=True):
        named = mount.why or "container.mounts"
        if not may(user, seen):
            raise PlanRefused(
                f"{named} names {mount.source}, which belongs to uid {seen.uid} and which the container's user "
                f"{user.text} may not read: chmod o+{'rx' if seen.kind == 'folder' else 'r'} it, or write "
                "isolation: off"
            )
        if mount.is_writable and not may(user, seen, write=True):
            raise PlanRefused(
                f"{named} mounts {mount.source} with mode: rw, and it belongs to uid {seen.uid}, so that the "
                f"container's user {user.text} may not change it: chown it to {user.text}, or write mode: ro"
            )
    return user


def _environment(spec: StdioBackend, draft: Draft, machine: Machine) -> tuple[dict[str, str], tuple[str, ...]]:
    owns_image = isinstance(draft.image, InstalledImage)
    if draft.env is None:
        env, left_out = environment(spec, machine, home=HOME_TARGET, owns_image=owns_image)
    else:
        named = attrs.evolve(spec, env=draft.env, env_from=())
        env, left_out = environment(named, machine, home=HOME_TARGET, owns_image=owns_image)
        if VARIABLE in spec.env:
            env[VARIABLE] = spec.env[VARIABLE]
    if draft.trusted is not None:
        env = trusting(env, CA_TARGET, is_extra=draft.trusted.is_extra)
    return env, left_out


def _cwd(spec: StdioBackend, draft: Draft, machine: Machine, mounts: Mounts, notes: list[str]) -> str | None:
    if draft.cwd is not None or not draft.names_paths:
        return draft.cwd
    if spec.cwd is not None:
        cwd = machine.absolute(spec.cwd)
        if isinstance(draft.image, GivenImage) or any(is_below(cwd, Path(each.target)) for each in mounts.mounts):
            return str(cwd)
        notes.append(f"cwd {cwd} is not mounted, so its home is where it runs: for that folder write it in mounts")
        return HOME_TARGET
    if mounts.has_relative:
        return str(machine.folder)
    return HOME_TARGET if isinstance(draft.image, InstalledImage) else None
