"""A plan as it is shown: in the CLI, in the management API, and beside a backend's state."""

from __future__ import annotations

from typing import assert_never

from argus_trio.core.health.health import Isolation
from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound
from argus_trio.sandbox.plan.outcome import (
    Bare,
    Contained,
    DockerfileImage,
    GivenImage,
    ImagePlan,
    InstalledImage,
    Plan,
    Refused,
)


def shown(plan: Plan, engine: EngineFound | None = None, image_id: str | None = None) -> Isolation:
    """How a backend with that plan is isolated; `image_id` is that of its image, once it is there."""
    facts = engine if isinstance(engine, EngineFacts) else None
    named = str(facts) if facts is not None else None
    rootless = facts.rootless if facts is not None else None
    match plan:
        case Contained():
            return Isolation(
                plan="contained",
                why="; ".join(plan.notes),
                engine=named,
                rootless=rootless,
                image=shown_image(plan.image),
                digest=image_id,
                network=str(plan.network),
                mounts=tuple(str(each) for each in plan.mounts),
            )
        case Bare(why=why):
            return Isolation(plan="bare", why=why, engine=named, rootless=rootless)
        case Refused(why=why):
            return Isolation(plan="refused", why=why, engine=named, rootless=rootless)
    assert_never(plan)


def shown_image(image: ImagePlan) -> str:
    """An image in a few words, without credentials."""
    match image:
        case InstalledImage():
            return f"{image.base} with {', '.join(without_credentials(each) for each in image.packages)}"
        case GivenImage(reference=reference):
            return reference
        case DockerfileImage(dockerfile=dockerfile):
            return f"built of {dockerfile}"
    assert_never(image)


def without_credentials(package: str) -> str:
    """A package without what stands before the host of a URL, and behind a question mark."""
    head, separator, rest = package.partition("://")
    if not separator:
        return package
    authority, slash, path = rest.partition("/")
    return f"{head}://{authority.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
