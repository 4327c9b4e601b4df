"""What the other tests stand on: the engine runs, its images have what servers are made of, and it keeps its limits."""

from __future__ import annotations

import uuid

import pytest

from tests.containers.base_image import NAMES
from tests.containers.engine import Engine

PROGRAMS = {"python": ["python3", "-m", "pip", "--version"], "node": ["npm", "--version"]}


def status(engine: Engine, image: str, command: list[str]) -> int:
    container = engine.run(image, command, name=f"argus-test-{uuid.uuid4().hex[:12]}")
    try:
        return int(engine.ask("POST", f"/containers/{container}/wait")["StatusCode"])
    finally:
        engine.remove(container)


@pytest.mark.parametrize("kind", NAMES)
def test_a_base_image_runs_what_packages_are_installed_with(engine: Engine, kind: str) -> None:
    assert status(engine, NAMES[kind], PROGRAMS[kind]) == 0


def test_a_program_that_is_not_there_is_an_error_of_the_engine_or_a_status(engine: Engine) -> None:
    assert status(engine, NAMES["python"], ["python3", "-c", "raise SystemExit(7)"]) == 7
