"""Every feature, of every kind of client, with every kind of backend, through one gateway: a test for each cell.

All cells are played before the first test, a few pairs at a time; each test then answers for its own. Their table is
docs/compatibility.md: compared here, and written with `--update`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import trio

from tests.e2e import cells, compatibility, gateway
from tests.e2e import features_back as _questions_and_changes  # noqa: F401  # they enter themselves into the list
from tests.e2e import features_ends as _ends_and_headers  # noqa: F401  # likewise
from tests.e2e import features_tasks as _tasks  # noqa: F401  # likewise
from tests.e2e.cells import DOORS, KINDS, Feature, Key, Outcomes
from tests.e2e.child import ROOT, Child, serving
from tests.e2e.features import FEATURES, REASONS
from tests.e2e.gateway import Json

BRIEF: Json = {
    "timeouts": {"call": 6.0, "call_max": 60},
    "filters": {
        "tools": {"allow": ["wait", "count_slowly"]},
        "resources": {"deny": ["*"]},
        "prompts": {"deny": ["*"]},
    },
}
"""What makes a backend one whose calls have little time, and that shows no more than it takes to see that."""
CELLS: dict[Key, Feature] = {
    (feature.name, door.name, kind.name): feature
    for feature in FEATURES
    for door in DOORS
    for kind in KINDS
    if feature.absent(door, kind) is None
}


def backends(start: Callable[..., int], journal: Path) -> Json:
    """A backend of each kind, and each again with little time."""
    found: Json = {}
    where = str(journal)
    for kind in KINDS:
        named = ("--name", kind.name, "--era", kind.era, "--journal", where)
        if kind.transport == "stdio":
            arguments = ["-m", "tests.servers.featured", "stdio", *named]
            spec: Json = {
                "type": "stdio",
                "command": sys.executable,
                "args": arguments,
                "env": {"PYTHONPATH": str(ROOT)},
            }
        else:
            origin = f"http://127.0.0.1:{start(kind.transport, *named)}"
            spec = gateway.sse(f"{origin}/sse") if kind.transport == "sse" else gateway.http(f"{origin}/mcp")
        found[kind.name] = spec
        found[f"{kind.name}-brief"] = {**spec, **BRIEF}
    return found


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """What came of the cells of this run: of all of them, if the table is among its tests."""
    chosen = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    wanted = {item.callspec.params["key"] for item in chosen if hasattr(item, "callspec")}
    if any(item.originalname == test_the_page_on_compatibility_is_true.__name__ for item in chosen):
        wanted = set(CELLS)
    with ExitStack() as children:

        def start(*arguments: str) -> int:
            command = [sys.executable, "-m", "tests.servers.featured", *arguments]
            return children.enter_context(Child(command)).wait_for(serving)

        folder = tmp_path_factory.mktemp("matrix")
        journal = tmp_path_factory.mktemp("journal")
        with gateway.running({"backends": backends(start, journal)}, folder) as running:
            return trio.run(
                cells.play, running.url, journal, FEATURES, {key: cell for key, cell in CELLS.items() if key in wanted}
            )


@pytest.mark.parametrize("key", [pytest.param(key, id="-".join(key).replace(" ", "_")) for key in CELLS])
def test_the_cell_works(outcomes: Outcomes, key: Key) -> None:
    assert key in outcomes, "it was not played"
    if (problem := outcomes[key]) is not None:
        raise problem


def test_no_cell_is_missing() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    for feature in FEATURES:
        for door in DOORS:
            for kind in KINDS:
                reason = feature.absent(door, kind)
                assert (feature.name, door.name, kind.name) in CELLS or reason in REASONS
    assert {door.kind for door in DOORS} == {"mcp", "sse", "stdio"}
    assert {(kind.era, kind.transport) for kind in KINDS} == {
        ("legacy", "stdio"),
        ("legacy", "sse"),
        ("legacy", "streamable-http"),
        ("modern", "stdio"),
        ("modern", "streamable-http"),
    }


def test_the_page_on_compatibility_is_true(outcomes: Outcomes, request: pytest.FixtureRequest) -> None:
    assert set(outcomes) == set(CELLS)
    page = compatibility.page(FEATURES, outcomes, REASONS)
    if request.config.getoption("--update"):
        compatibility.PATH.write_text(page)
    assert compatibility.PATH.read_text() == page, "run with --update to write it"
