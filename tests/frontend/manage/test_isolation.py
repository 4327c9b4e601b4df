"""The page that says how stdio backends are isolated."""

from __future__ import annotations

import attrs

from argus_trio.config.model.config import Config
from argus_trio.core.health.health import BackendStatus, EngineStatus, Isolation, Overview
from argus_trio.core.health.lifecycle import BackendEvent, BackendStanding
from tests.frontend.support.managing import Managed, access_of, inventory_of, published

DOCKER = EngineStatus(kind="docker", version="28.2.2", api_version="1.50", socket="/run/docker.sock")
CONTAINED = Isolation(
    plan="contained",
    engine="docker 28.2.2",
    rootless=False,
    image="python:3.13-slim",
    digest="sha256:1",
    network="public",
    mounts=("/srv/notes:/srv/notes:ro",),
)
ENTRY = {**attrs.asdict(CONTAINED), "mounts": ["/srv/notes:/srv/notes:ro"]}
BARE = Isolation(plan="bare", why="a script of its own has no image")


def status(name: str, isolation: Isolation | None = None, kind: str = "stdio") -> BackendStatus:
    return BackendStatus(name=name, type=kind, standing=BackendStanding(since=1.0), counts={}, isolation=isolation)


async def test_the_engine_and_every_stdio_backend_are_told_in_the_order_of_the_file() -> None:
    backends = (status("b", CONTAINED), status("far", kind="sse"), status("a", BARE), status("c"))
    answer = (await Managed(overview=Overview(backends=backends), engine=DOCKER).get("/isolation")).json
    assert answer["setting"] == "auto"
    assert answer["engine"] == {
        "kind": "docker",
        "version": "28.2.2",
        "api_version": "1.50",
        "socket": "/run/docker.sock",
        "rootless": False,
    }
    assert answer["why"] is None
    assert answer["plans"] == {"contained": 1, "bare": 1, "refused": 0}
    assert [each["name"] for each in answer["backends"]] == ["b", "a", "c"]
    assert answer["backends"][0]["isolation"] == ENTRY
    assert answer["backends"][1]["isolation"]["why"] == "a script of its own has no image"
    assert answer["backends"][2]["isolation"] is None


async def test_what_is_done_before_a_backend_can_start_is_told_with_its_last_line() -> None:
    standing = BackendStanding(since=1.0).moved(
        BackendEvent.WORKS, 2.0, "its image is built; it says: x", what="building"
    )
    backends = (attrs.evolve(status("a", CONTAINED), standing=standing),)
    (found,) = (await Managed(overview=Overview(backends=backends), engine=DOCKER).get("/isolation")).json["backends"]
    assert (found["state"], found["preparing"]) == ("preparing", "building")
    assert found["reason"] == "its image is built; it says: x"


async def test_why_there_is_no_engine_is_told_or_that_nobody_has_looked() -> None:
    none = EngineStatus(why="neither Docker nor Podman answers")
    answer = (await Managed(engine=none, config=Config(isolation="required")).get("/isolation")).json
    assert (answer["setting"], answer["engine"]) == ("required", None)
    assert answer["why"] == "neither Docker nor Podman answers"
    answer = (await Managed(config=Config(isolation="off")).get("/isolation")).json
    assert (answer["setting"], answer["engine"], answer["why"]) == ("off", None, None)


async def test_who_may_not_look_behind_a_backend_is_told_its_plan_and_nothing_of_this_machine() -> None:
    managed = Managed(
        overview=Overview(backends=(status("files", CONTAINED),)),
        inventory=inventory_of(published("files", "read")),
        access=access_of(),
        engine=DOCKER,
    )
    (entry,) = (await managed.get("/backends")).json["backends"]
    assert entry["isolation"] == {**dict.fromkeys(ENTRY), "plan": "contained", "why": "", "mounts": []}
    assert (await managed.get("/isolation")).status == 403


async def test_the_status_counts_the_plans_and_names_the_engine() -> None:
    rootless = attrs.evolve(DOCKER, kind="podman", version="5.4.2", rootless=True)
    backends = (status("a", BARE), status("b", CONTAINED), status("c", attrs.evolve(BARE, plan="refused")))
    answer = (await Managed(overview=Overview(backends=backends), engine=rootless).get("/status")).json
    assert answer["isolation"] == {
        "setting": "auto",
        "engine": "podman 5.4.2 (rootless)",
        "why": None,
        "plans": {"contained": 1, "bare": 1, "refused": 1},
    }
