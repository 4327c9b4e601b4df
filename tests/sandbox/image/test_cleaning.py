"""What is removed: what was made here, has a name of ours, and nobody needs."""

from __future__ import annotations

from argus_trio.sandbox.engine.facts import ImageFacts, ListedImage
from argus_trio.sandbox.image.cleaning import remove_unneeded, unneeded
from tests.sandbox.image.played_engine import PlayedEngine

OURS = {"argus-trio.recipe": "digest"}


def listed(*tags: str, **labels: str) -> ListedImage:
    return ListedImage(id="sha256:x", tags=tags, labels=labels or OURS, size=7)


def test_only_names_of_ours_on_images_of_ours_that_nobody_needs_are_removed() -> None:
    images = [
        listed("argus-trio/old:1"),
        listed("argus-trio/needed:1", "argus-trio/needed:1-aside"),
        listed("localhost/argus-trio/podman:1"),
        listed("mine/built-on-yours:1"),
        listed(),
        listed("argus-trio/of-somebody-else:1", other="label"),
    ]
    assert [image.tag for image in unneeded(images, {"argus-trio/needed:1"})] == [
        "argus-trio/needed:1-aside",
        "argus-trio/old:1",
        "localhost/argus-trio/podman:1",
    ]
    assert not unneeded([listed("localhost/argus-trio/podman:1")], {"argus-trio/podman:1"})


async def test_what_a_container_uses_is_kept_and_told() -> None:
    engine = PlayedEngine(by_name={f"argus-trio/{name}:1": ImageFacts(id=name, labels=OURS) for name in "abc"})
    engine.in_use = {"argus-trio/b:1"}
    removed, kept = await remove_unneeded(engine, {"argus-trio/c:1"})
    assert ([each.tag for each in removed], [each.tag for each in kept]) == (["argus-trio/a:1"], ["argus-trio/b:1"])
    assert list(engine.by_name) == ["argus-trio/b:1", "argus-trio/c:1"]
