"""The images of the backends of one engine: found by their labels, else pulled or made, once for equal ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, assert_never

import attrs
import structlog
import trio

from argus_trio import Value
from argus_trio.errors import LinkFailed
from argus_trio.net.service_nursery import ServiceNursery
from argus_trio.sandbox.engine.facts import ImageFacts
from argus_trio.sandbox.engine.failure import EngineFailed
from argus_trio.sandbox.image.given import GivenImages
from argus_trio.sandbox.image.making.context import BuildContext
from argus_trio.sandbox.image.making.dockerfiles import build, context_of, tag_of
from argus_trio.sandbox.image.making.installation import Installer
from argus_trio.sandbox.image.making.recipe import Recipe, recipe_of
from argus_trio.sandbox.image.ready import RECIPE_LABEL, ReadyImage
from argus_trio.sandbox.image.shared_work import Hear, SharedWork, hear_nothing
from argus_trio.sandbox.plan.outcome import DockerfileImage, GivenImage, ImagePlan, InstalledImage

log = structlog.get_logger()

FAILURE_SECONDS: Final = 5.0
"""How long a build that failed is not tried again: backends with the same recipe that come a moment later are told the
same. When each of them tries again is decided by its own backoff."""


_NEEDED: Final = {
    "python": "python3 of version 3.8 or later: name a base image that has it in container.base_image",
    "node": "node: name a base image that has it in container.base_image",
}


@attrs.frozen(kw_only=True)
class Renewed(Value):
    """An image that was made anew."""

    before: ReadyImage | None
    """The one before, if there was one."""
    after: ReadyImage


@attrs.frozen
class _Failed(Value):
    until: float
    failure: LinkFailed


@attrs.define(eq=False, repr=False, kw_only=True)
class Images:
    """The images of one engine."""

    installer: Installer
    _work: SharedWork[ImageFacts]
    _given: GivenImages
    _failed: dict[str, _Failed] = attrs.field(factory=dict, init=False)

    async def ensure(
        self, image: ImagePlan, hear: Hear = hear_nothing, *, backend: str, pulls_again: bool = True
    ) -> ReadyImage:
        """The image of a plan, once it is there; `hear` is told what is done until then. `backend` is who needs it.

        `pulls_again` is for who prepares a backend: what is always to be pulled is pulled. It has no deadline.

        Raises:
            LinkFailed: it cannot be had; the tail of the log is in the details.
        """
        match image:
            case InstalledImage():
                return await self._installed(await _recipe(image), hear, backend)
            case GivenImage():
                key = f"pull {image.reference} {image.pull} {pulls_again}"
                pull = partial(self._given.there, image, pulls_again=pulls_again)
                found = await self._work.outcome(key, pull, hear)
                return ReadyImage(facts=found, shim=await self._given.shim(found))
            case DockerfileImage():
                return await self._of_dockerfile(image, hear)
        assert_never(image)

    async def renew(self, image: ImagePlan, hear: Hear = hear_nothing, *, backend: str) -> Renewed:
        """The image of a plan, made or pulled once more, of what is newest now: it has its name then.

        The one before is removed, or if a container uses it kept under another name. It has no deadline.

        Raises:
            LinkFailed: it cannot be had; the one before is still there.
        """
        match image:
            case InstalledImage():
                recipe = await _recipe(image)
                before = await self._found(recipe)
                aside = None if before is None else await self._set_aside(recipe, before)
                try:
                    after = await self._make(recipe, hear, backend, updates=True)
                finally:  # if it has failed, the one before has its own name as well
                    if aside is not None:
                        await self.installer.engine.remove_image(aside)
                return Renewed(before=before, after=after)
            case GivenImage(pull="never"):
                return Renewed(before=None, after=await self.ensure(image, hear, backend=backend))
            case GivenImage(reference=reference):
                found = await self.installer.engine.image(reference)
                before = None if found is None else ReadyImage(facts=found, shim=None)
                return Renewed(
                    before=before, after=await self.ensure(attrs.evolve(image, pull="always"), hear, backend=backend)
                )
            case DockerfileImage():
                return Renewed(before=None, after=await self.ensure(image, hear, backend=backend))
        assert_never(image)

    async def name_of(self, image: ImagePlan) -> str:
        """The name that the image of a plan has with its engine.

        Raises:
            LinkFailed: what it is made of cannot be read.
        """
        match image:
            case InstalledImage():
                return (await _recipe(image)).tag
            case GivenImage(reference=reference):
                return reference
            case DockerfileImage(dockerfile=dockerfile):
                return tag_of(await context_of(dockerfile))
        assert_never(image)

    async def _set_aside(self, recipe: Recipe, image: ReadyImage) -> str:
        """Another name for an image whose own one is about to be another's: `clean` finds it by that."""
        repository, _, tag = recipe.tag.rpartition(":")
        aside = f"{tag}-{image.id.removeprefix('sha256:')[:12]}"
        await self.installer.engine.tag(image.id, repository=repository, tag=aside)
        return f"{repository}:{aside}"

    async def _of_dockerfile(self, image: DockerfileImage, hear: Hear) -> ReadyImage:
        context = await context_of(image.dockerfile)
        tag = tag_of(context)
        found = await self.installer.engine.image(tag)
        if found is None or found.labels.get(RECIPE_LABEL) != context.digest:
            self._raise_failed(tag)
            found = await self._work.outcome(tag, partial(self._build, context), hear)
        return ReadyImage(facts=found, shim=await self._given.shim(found))

    async def _build(self, context: BuildContext, hear: Hear) -> ImageFacts:
        hear("building", f"building {context.folder / context.dockerfile}")
        installer = self.installer
        try:
            return await build(
                context, hear, engine=installer.engine, environ=installer.environ, redact=installer.redact
            )
        except LinkFailed as failure:
            if not isinstance(failure, EngineFailed) or failure.kind == "refused":
                self._note_failed(tag_of(context), failure)
            raise

    async def _installed(self, recipe: Recipe, hear: Hear, backend: str) -> ReadyImage:
        if found := await self._found(recipe):
            return found
        self._raise_failed(recipe.tag)
        return await self._make(recipe, hear, backend)

    async def _found(self, recipe: Recipe) -> ReadyImage | None:
        found = await self.installer.engine.image(recipe.tag)
        if found is None or found.labels.get(RECIPE_LABEL) != recipe.digest:
            return None
        return ReadyImage(facts=found, shim=recipe.image.kind)

    async def _make(self, recipe: Recipe, hear: Hear, backend: str, *, updates: bool = False) -> ReadyImage:
        facts = await self._work.outcome(
            recipe.tag, partial(self._install, recipe, backend=backend, updates=updates), hear
        )
        return ReadyImage(facts=facts, shim=recipe.image.kind)

    async def _install(self, recipe: Recipe, hear: Hear, *, backend: str, updates: bool) -> ImageFacts:
        self._failed.pop(recipe.tag, None)
        base = await self._base(recipe.image.base, hear, updates=updates)
        if recipe.image.kind not in await self._given.interpreters(base):
            raise LinkFailed(f"its image cannot be built: {recipe.image.base} has no {_NEEDED[recipe.image.kind]}")
        begun = trio.current_time()
        hear("building", f"installing {recipe.name} into {recipe.image.base}")
        try:
            await self.installer.install(recipe, base, hear, backend=backend)
        except EngineFailed:
            raise
        except LinkFailed as failure:
            self._note_failed(recipe.tag, failure)
            raise
        made = await self.installer.engine.image(recipe.tag)
        if made is None:
            raise LinkFailed(f"its image {recipe.tag} was made, and is gone: does somebody remove images meanwhile?")
        seconds = round(trio.current_time() - begun, 1)
        log.info("image_made", backend=backend, image=recipe.tag, seconds=seconds)
        return made

    async def _base(self, reference: str, hear: Hear, *, updates: bool) -> ImageFacts:
        base = GivenImage(reference=reference)
        if updates:
            try:
                return await self._given.there(attrs.evolve(base, pull="always"), hear, pulls_again=True)
            except LinkFailed as failure:  # it may have been made on this machine, or no registry be in reach
                hear("pulling", f"{reference} stays as it is: {failure.reason}")
        return await self._given.there(base, hear, pulls_again=False)

    def _raise_failed(self, tag: str) -> None:
        failed = self._failed.get(tag)
        if failed is not None and trio.current_time() < failed.until:
            raise failed.failure.again()

    def _note_failed(self, tag: str, failure: LinkFailed) -> None:
        now = trio.current_time()
        self._failed = {each: failed for each, failed in self._failed.items() if failed.until > now}
        self._failed[tag] = _Failed(now + FAILURE_SECONDS, failure)


async def _recipe(image: InstalledImage) -> Recipe:
    if image.ca_bundle is None:
        return recipe_of(image)
    return recipe_of(image, await _read(image.ca_bundle))


async def _read(bundle: Path) -> bytes:
    try:
        return await trio.Path(bundle).read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise LinkFailed(
            f"the certificates of its image cannot be read: {bundle}: {why} (container.ca_bundle)"
        ) from None


@asynccontextmanager
async def open_images(installer: Installer) -> AsyncIterator[Images]:
    """The images of an engine, for the length of the block: what is under way at its end is given up."""
    async with ServiceNursery() as nursery:
        work = SharedWork[ImageFacts](nursery)
        yield Images(installer=installer, work=work, given=GivenImages(installer.engine))
