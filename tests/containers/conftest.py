"""The engine that ARGUS_TEST_ENGINE names, and what a gateway is started with to find it; everything here is `e2e`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from tests.containers.base_image import NAMES
from tests.containers.engine import Engine, Refusal

HERE = Path(__file__).parent
HOW = "`.ci/engine start` starts one and prints what ARGUS_TEST_ENGINE has to be"


@pytest.hookimpl(tryfirst=True)  # before `-m` is looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is `e2e`, without a test having to say so."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("e2e")


def unavailable(reason: str) -> NoReturn:
    """Where containers are required nobody would notice a skip."""
    if os.environ.get("ARGUS_REQUIRE_CONTAINERS") == "1":
        pytest.fail(f"{reason}; ARGUS_REQUIRE_CONTAINERS is set")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def engine() -> Engine:
    """A container engine that answers and has the base images: on one that is not the tests' own they are pulled."""
    url = os.environ.get("ARGUS_TEST_ENGINE", "")
    if not url:
        unavailable(f"no container engine: {HOW}")
    found = Engine(url)
    if not found.answers():
        unavailable(f"no container engine answers at {url}: {HOW}")
    for image in NAMES.values():
        if not found.has_image(image):
            try:
                found.ask("POST", "/images/create", fromImage=image)
            except (Refusal, OSError) as problem:
                unavailable(f"{image} is not on the engine at {url} and cannot be pulled: {problem}")
    return found


@pytest.fixture(scope="session")
def engine_environment(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Variables of a gateway that finds this engine and no other, with folders of its own.

    The runtime folder has a short name: the path of a Unix socket may have 107 bytes.
    """
    with tempfile.TemporaryDirectory(prefix="at", ignore_cleanup_errors=True) as runtime:
        yield {
            "DOCKER_HOST": engine.url,
            "XDG_RUNTIME_DIR": runtime,
            "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")),
        }
