"""The decision: how a stdio backend is isolated, by its spec, the engine that was found, and this machine."""

from __future__ import annotations

from typing import Final, assert_never

import attrs

from argus_trio.config.model.backend import StdioBackend
from argus_trio.config.model.container import Container
from argus_trio.sandbox.plan.commands.asked import ImageRun, NotUnderstood, OwnProgram, PackageRun
from argus_trio.sandbox.plan.commands.read import read_command
from argus_trio.sandbox.plan.drafting.bound import bond_of
from argus_trio.sandbox.plan.drafting.draft import Draft, finished
from argus_trio.sandbox.plan.drafting.image_run import of_image_run
from argus_trio.sandbox.plan.drafting.sources import installed_image, trusted_bundle
from argus_trio.sandbox.plan.engine_facts import OR_OFF, EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.plan.machine import Machine
from argus_trio.sandbox.plan.outcome import PACKAGE_PROGRAM, Bare, DockerfileImage, GivenImage, Plan, Refused
from argus_trio.sandbox.plan.refusal import NotIsolated, PlanRefused

OFF: Final = "isolation: off is configured for it"


def plan(spec: StdioBackend, engine: EngineFound, machine: Machine) -> Plan:
    """How `spec` is isolated. Never raises."""
    setting = spec.container.setting
    if setting == "off":
        return Bare(why=OFF)
    try:
        facts = _usable(spec, engine)
        known = attrs.evolve(machine, engine_socket=facts.socket)
        return finished(spec, _draft(spec, known), facts, known)
    except NotIsolated as error:
        if setting == "required":
            return Refused(why=f"isolation is required, and {error}")
        if (asked := _asked(spec.container)) is None:
            return Bare(why=str(error))
        without = "" if OR_OFF in str(error) else "; isolation: off runs it without"
        return Refused(why=f"{asked} asks for isolation, and {error}{without}")
    except (PlanRefused, ValueError) as error:
        return Refused(why=str(error))


def _asked(container: Container) -> str | None:
    """What of the file would be lost without anybody noticing if its backend ran bare."""
    if container.strict:
        return "container.strict"
    if container.network is not None and container.network.mode != "public":
        return "container.network"
    if container.image is not None:
        return "container.image"
    return None if container.dockerfile is None else "container.dockerfile"


def _usable(spec: StdioBackend, engine: EngineFound) -> EngineFacts:
    if isinstance(engine, NoEngine):
        raise NotIsolated(f"{engine.why}; {engine.way_out}")
    wanted = spec.container.runtime
    if wanted not in ("auto", engine.kind):
        raise NotIsolated(
            f"container.runtime is {wanted}, and what answers is {engine}: start it, or write runtime: auto"
        )
    return engine


def _draft(spec: StdioBackend, machine: Machine) -> Draft:
    container = spec.container
    if container.image is not None and container.dockerfile is not None:
        raise PlanRefused("container has both image and dockerfile: leave one out")
    if container.dockerfile is not None:
        seen = machine.look(machine.absolute(container.dockerfile))
        if seen is None or seen.kind != "file":
            raise PlanRefused(f"container.dockerfile: {container.dockerfile} is no file: correct it")
        return _in_image(spec, DockerfileImage(dockerfile=seen.real), machine)
    asked = read_command(spec.command, spec.args)
    if container.image is not None and not isinstance(asked, ImageRun):
        return _in_image(spec, GivenImage(reference=container.image), machine)
    match asked:
        case PackageRun():
            if container.base_image is None and (why := bond_of(asked)) is not None:
                raise NotIsolated(why)
            return _of_packages(spec, asked, machine, takes_folders=False)
        case ImageRun():
            return of_image_run(spec, asked, machine)
        case OwnProgram():
            return _of_packages(spec, _with_packages(spec, asked), machine, takes_folders=True)
        case NotUnderstood(why=why):
            raise PlanRefused(why)
    assert_never(asked)


def _in_image(spec: StdioBackend, image: GivenImage | DockerfileImage, machine: Machine) -> Draft:
    return Draft(
        image=image, argv=(spec.command, *spec.args), args=spec.args, trusted=trusted_bundle(spec, machine, None)
    )


def _of_packages(spec: StdioBackend, run: PackageRun, machine: Machine, *, takes_folders: bool) -> Draft:
    trusted = trusted_bundle(spec, machine, run.kind)
    return Draft(
        image=installed_image(spec, run, machine, trusted),
        argv=(run.program or PACKAGE_PROGRAM, *run.args),
        args=run.args,
        first=len(spec.args) - len(run.args),
        trusted=trusted,
        takes_folders=takes_folders,
        notes=run.notes,
    )


def _with_packages(spec: StdioBackend, own: OwnProgram) -> PackageRun:
    """The same with what the file says that it needs."""
    if not spec.container.packages:
        raise NotIsolated(own.why)
    if own.interpreter is None:
        raise PlanRefused(f"container.packages goes with Python and Node programs alone, and {own.why}")
    return PackageRun(kind=own.interpreter, packages=own.packages, program=own.program, args=own.args)
