"""What images need of an engine; `engine/control.py` is one. Each method raises `EngineFailed` alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from argus_trio.sandbox.engine.facts import EngineFacts, ImageFacts, ListedImage, PathFacts
from argus_trio.sandbox.engine.images import ImageBuild


class ImageEngine(Protocol):
    """An engine, as far as images go."""

    @property
    def facts(self) -> EngineFacts:
        """What is known of it."""

    async def image(self, reference: str) -> ImageFacts | None:
        """The image of that reference or id, or None if it is not there."""

    async def images(self, label: str) -> list[ListedImage]:
        """Every image that has a label."""

    async def pull(self, reference: str, tell: Callable[[str], None]) -> ImageFacts:
        """Pull an image."""

    async def build(self, build: ImageBuild, tell: Callable[[str], None]) -> ImageFacts:
        """Build one; the tail of the log is in a failure's details."""

    async def commit(self, container: str, *, repository: str, tag: str, labels: Mapping[str, str]) -> str:
        """Make an image of a container, and tell its id."""

    async def tag(self, image: str, *, repository: str, tag: str) -> None:
        """Give an image another name."""

    async def remove_image(self, image: str) -> bool:
        """Remove a name of an image, and tell whether it is gone: False if a container uses it."""

    async def wait(self, container: str) -> int:
        """The exit code of a container, once it has ended."""

    def unstarted(self, body: Mapping[str, object]) -> AbstractAsyncContextManager[str]:
        """The id of a container that is not started, for the length of the block."""

    async def path(self, container: str, path: str) -> PathFacts | None:
        """What is at a path of a container, which need not run; None if nothing is."""
