"""What runs the shim in an image: found by its files, along its own PATH, through links."""

from __future__ import annotations

import attrs
import pytest
import trio

from argus_trio.sandbox.engine.facts import ImageFacts, PathFacts
from argus_trio.sandbox.image.given import interpreters_in

PROGRAM = PathFacts(is_program=True)
IMAGE = ImageFacts(id="x", env=("LANG=C", "PATH=/opt/bin:relative:/usr/bin"))


def link(target: str) -> PathFacts:
    return PathFacts(link=target)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, ""),
        ({"/opt/bin/python3": PROGRAM}, "python"),
        ({"/usr/bin/node": PROGRAM}, "node"),
        ({"/usr/bin/node": PROGRAM, "/usr/bin/python3": PROGRAM}, "python node"),
        ({"/usr/local/bin/python3": PROGRAM}, ""),
        ({"/usr/bin/python3": PathFacts()}, ""),
        ({"/usr/bin/python3": link("python3.11"), "/usr/bin/python3.11": PROGRAM}, "python"),
        ({"/usr/bin/python3": link("/usr/bin/python3.7"), "/usr/bin/python3.7": PROGRAM}, ""),
        ({"/usr/bin/python3": link("../lib/python"), "/usr/lib/python": PROGRAM}, "python"),
        ({"/usr/bin/python3": link("/gone")}, ""),
        ({"/usr/bin/python3": link("/usr/bin/python3"), "/usr/bin/node": PROGRAM}, "node"),
    ],
)
async def test_an_interpreter_is_a_program_that_the_images_own_path_leads_to(
    files: dict[str, PathFacts], found: str
) -> None:
    async def at(path: str) -> PathFacts | None:
        await trio.lowlevel.checkpoint()
        return files.get(path)

    assert await interpreters_in(IMAGE, at) == set(found.split())


async def test_an_image_without_a_path_is_looked_at_where_an_engine_looks() -> None:
    async def at(path: str) -> PathFacts | None:
        await trio.lowlevel.checkpoint()
        return PROGRAM if path == "/usr/local/bin/python3" else None

    assert await interpreters_in(attrs.evolve(IMAGE, env=()), at) == {"python"}
