"""What is removed by `argus-trio clean`: images that were made here and that no backend of a configuration needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import attrs

from argus_trio import Value
from argus_trio.sandbox.engine.facts import ListedImage
from argus_trio.sandbox.image.engine import ImageEngine
from argus_trio.sandbox.image.making.recipe import REPOSITORY
from argus_trio.sandbox.image.ready import RECIPE_LABEL


@attrs.frozen(kw_only=True)
class UnneededImage(Value):
    """An image that was made here, by one of its names, and that nobody needs."""

    tag: str
    size: int
    """Bytes, those of its base included, which other images may share."""


def unneeded(images: Iterable[ListedImage], needed: Collection[str]) -> tuple[UnneededImage, ...]:
    """The names that are not needed among those of images that were made here.

    An image that somebody built on one of ours has its labels, but a name of its own; one without a name is left alone,
    for nothing tells whose it is.
    """
    found = [
        UnneededImage(tag=tag, size=image.size)
        for image in images
        if image.labels.get(RECIPE_LABEL)
        for tag in image.tags
        if _is_ours(tag) and _plain(tag) not in needed
    ]
    return tuple(sorted(found, key=lambda each: each.tag))


async def find_unneeded(engine: ImageEngine, needed: Collection[str]) -> tuple[UnneededImage, ...]:
    """What nobody needs; nothing is removed.

    Raises:
        EngineFailed: the engine did not list them.
    """
    return unneeded(await engine.images(RECIPE_LABEL), needed)


async def remove_unneeded(
    engine: ImageEngine, needed: Collection[str]
) -> tuple[tuple[UnneededImage, ...], tuple[UnneededImage, ...]]:
    """Remove what nobody needs, and tell what was removed, and what is kept because a container uses it.

    Raises:
        EngineFailed: the engine did not do it.
    """
    removed: list[UnneededImage] = []
    kept: list[UnneededImage] = []
    for image in await find_unneeded(engine, needed):
        (removed if await engine.remove_image(image.tag) else kept).append(image)
    return tuple(removed), tuple(kept)


def _plain(tag: str) -> str:
    return tag.removeprefix("localhost/")  # Podman's name for what comes from no registry


def _is_ours(tag: str) -> bool:
    return _plain(tag).startswith(f"{REPOSITORY}/")
