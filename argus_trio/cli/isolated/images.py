"""Which images of plans are there, and what containers of them would be created with. Nothing is made or pulled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, assert_never

import attrs
import trio

from argus_trio import Value
from argus_trio.cli.images.opened import used_engine
from argus_trio.core.redaction import Redactor
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.facts import ImageFacts
from argus_trio.sandbox.image.ready import ReadyImage
from argus_trio.sandbox.in_use import UsedEngine, launch_of
from argus_trio.sandbox.plan.engine_facts import EngineFacts
from argus_trio.sandbox.plan.outcome import Contained, DockerfileImage, GivenImage, ImagePlan, InstalledImage, ShimKind
from argus_trio.sandbox.plan.profile import create_body
from argus_trio.sandbox.rooms import BackendPlan

LOOK_SECONDS: Final = 10.0
"""How long the look at all images may take: somebody waits for the answer."""
_FOLDER: Final = Path("/run/argus-trio/INSTANCE")
"""Stands for the folder that is made for each container."""


@attrs.frozen(kw_only=True)
class ImageState(Value):
    """The image of a plan."""

    name: str
    """What the engine calls it, once it is there."""
    how: Literal["built", "pulled"]
    """What is done for it while it is not there."""
    id: str | None = None
    packages: Mapping[str, str] = MappingProxyType({})
    """The packages in it and their versions, if it was made here."""
    shim: ShimKind | None = None
    """What runs the gateway's program in it; None where nothing can, or where it is not there."""
    settings: Mapping[str, object] | None = None
    """What the engine would be asked to create; None as long as that depends on an image that is not there."""
    why: str = ""
    """Why nothing is known of it."""


async def images_of(planned: Sequence[BackendPlan], redact: Redactor) -> dict[str, ImageState]:
    """The image of each backend that would be contained, by the name of the backend."""
    found: dict[str, ImageState] = {}
    engines = dict.fromkeys(each.found for each in planned if isinstance(each.plan, Contained))
    for facts in engines:
        mine = {each.spec.name: each.plan for each in planned if each.found == facts}
        contained = {name: each for name, each in mine.items() if isinstance(each, Contained)}
        if isinstance(facts, EngineFacts):
            found |= await _at(facts, contained, redact)
    return found


async def _at(facts: EngineFacts, plans: Mapping[str, Contained], redact: Redactor) -> dict[str, ImageState]:
    why = f"{facts} did not tell of its images within {LOOK_SECONDS:g} s"
    found: dict[str, ImageState] = {}
    try:
        with trio.move_on_after(LOOK_SECONDS):
            async with used_engine(facts, redact) as engine:
                for name, each in plans.items():
                    found[name] = await _looked_at(engine, each)
            return found
    except LinkFailed as failure:
        why = failure.reason
    unknown = {name: ImageState(name="", how=_how(each.image), why=why) for name, each in plans.items()}
    return unknown | found


async def _looked_at(engine: UsedEngine, plan: Contained) -> ImageState:
    """The image of one plan; what is wrong with it does not keep the others from being told."""
    try:
        return await _state(engine, plan)
    except LinkFailed as failure:
        return ImageState(name="", how=_how(plan.image), why=failure.reason)


async def _state(engine: UsedEngine, plan: Contained) -> ImageState:
    name, facts = await engine.images.name_of(plan.image), engine.starter.control.facts
    there = await engine.starter.control.image(name)
    if there is not None:
        ready = await engine.images.ensure(plan.image, backend=plan.backend, pulls_again=False)
        packages, settings = ready.versions, _settings(plan, ready, facts)
        how = _how(plan.image)
        return ImageState(name=name, how=how, id=ready.id, packages=packages, shim=ready.shim, settings=settings)
    if not isinstance(plan.image, InstalledImage):
        return ImageState(name=name, how=_how(plan.image))
    to_be = ReadyImage(facts=ImageFacts(id=name), shim=plan.image.kind)
    return ImageState(name=name, how="built", settings=_settings(plan, to_be, facts))


def _settings(plan: Contained, image: ReadyImage, facts: EngineFacts) -> Mapping[str, object]:
    """What the engine would be asked for, without arguments and variables: these may be secret."""
    launch = attrs.evolve(launch_of(plan, image), argv=(), env={})
    return create_body(launch, facts, instance="INSTANCE", folder=_FOLDER)


def _how(image: ImagePlan) -> Literal["built", "pulled"]:
    match image:
        case GivenImage():
            return "pulled"
        case InstalledImage() | DockerfileImage():
            return "built"
    assert_never(image)
