"""Images that are run as they are: pulled where they are not there, and looked into for what could run the shim.

Nothing of such an image is executed to find that out: its files are looked at in a container that is never started.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Awaitable, Callable
from typing import Final

import attrs

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.facts import ImageFacts, PathFacts
from argus_trio.sandbox.image.engine import ImageEngine
from argus_trio.sandbox.image.shared_work import Hear
from argus_trio.sandbox.plan.outcome import GivenImage, ShimKind

MAX_LINKS: Final = 8
"""So many symbolic links are followed from the name of an interpreter to its file."""
MAX_KNOWN: Final = 256
"""Of so many images, the latest, it is remembered what is in them."""
DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where an engine looks for programs in an image that does not say."""

_NAMES: Final[tuple[tuple[ShimKind, str], ...]] = (("python", "python3"), ("node", "node"))
_TOO_OLD: Final = re.compile(r"python(2(\.\d+)?|3\.[0-7])$")

At = Callable[[str], Awaitable[PathFacts | None]]
"""What is at an absolute path of an image."""


@attrs.define(eq=False, repr=False)
class GivenImages:
    """The images of one engine that are run as they are."""

    _engine: ImageEngine
    _known: dict[str, frozenset[ShimKind]] = attrs.field(factory=dict, init=False)
    """By the id of the image."""

    async def there(self, image: GivenImage, hear: Hear, *, pulls_again: bool) -> ImageFacts:
        """The image, pulled if that is what is asked for.

        Raises:
            LinkFailed: it is not there, and is not or cannot be pulled.
        """
        found = await self._engine.image(image.reference)
        if found is not None and not (image.pull == "always" and pulls_again):
            return found
        if image.pull == "never":
            raise LinkFailed(
                f"the image {image.reference} is not there, and is not to be pulled: pull or build it by hand, "
                f"or leave out --pull never"
            )
        hear("pulling", f"pulling {image.reference}")
        return await self._engine.pull(image.reference, lambda line: hear("pulling", line))

    async def shim(self, image: ImageFacts) -> ShimKind | None:
        """What could run the shim in an image.

        Raises:
            LinkFailed: the engine does not say.
        """
        found = await self.interpreters(image)
        return next((kind for kind, _ in _NAMES if kind in found), None)

    async def interpreters(self, image: ImageFacts) -> frozenset[ShimKind]:
        """The interpreters that are in an image; raises as `shim`."""
        if image.id not in self._known:
            found = await self._look(image)
            self._known[image.id] = found
            for oldest in list(self._known)[:-MAX_KNOWN]:
                del self._known[oldest]
        return self._known[image.id]

    async def _look(self, image: ImageFacts) -> frozenset[ShimKind]:
        body = {
            "Image": image.id,
            "Entrypoint": ["/never-started"],
            "NetworkDisabled": True,
            "HostConfig": {"NetworkMode": "none", "AutoRemove": True},
        }
        engine = self._engine
        async with engine.unstarted(body) as container:
            return await interpreters_in(image, lambda path: engine.path(container, path))


async def interpreters_in(image: ImageFacts, at: At) -> frozenset[ShimKind]:
    """The interpreters of an image, by the folders that it looks for programs in."""
    searched = next((each[5:] for each in image.env if each.startswith("PATH=")), DEFAULT_PATH)
    folders = dict.fromkeys(folder for folder in searched.split(":") if folder.startswith("/"))
    found: set[ShimKind] = set()
    for kind, name in _NAMES:
        for folder in folders:
            if await _is_one(posixpath.join(folder, name), at):
                found.add(kind)
                break
    return frozenset(found)


async def _is_one(path: str, at: At) -> bool:
    for _ in range(MAX_LINKS):
        found = await at(path)
        if found is None:
            return False
        if not found.link:
            return found.is_program and not _TOO_OLD.search(path)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), found.link))
    return False
