"""Plans as people see them."""

from __future__ import annotations

from argus_trio.core.health.health import Isolation
from argus_trio.sandbox.plan.engine_facts import NoEngine
from argus_trio.sandbox.plan.outcome import Bare, Refused
from argus_trio.sandbox.plan.shown import shown, without_credentials
from tests.sandbox.plan.support import DOCKER, backend, contained


def test_a_container_is_shown_with_all_that_matters() -> None:
    plan = contained(backend("uvx", "--from", "a @ https://u:SECRET@example.org/a.whl?token=SECRET", "x", "/srv/data"))
    assert shown(plan, DOCKER, "sha256:1") == Isolation(
        plan="contained",
        why="; ".join(plan.notes),
        engine="docker 28.2.2",
        rootless=False,
        image="python:3.13-slim with a @ https://example.org/a.whl",
        digest="sha256:1",
        network="public",
        mounts=("/srv/data:/srv/data:ro",),
    )


def test_what_is_not_contained_is_shown_with_its_reason() -> None:
    assert shown(Bare(why="w"), NoEngine(why="n")) == Isolation(plan="bare", why="w")
    assert shown(Refused(why="w"), DOCKER) == Isolation(plan="refused", why="w", engine="docker 28.2.2", rootless=False)


def test_images_are_shown_by_what_they_are() -> None:
    from argus_trio.config.model.container import Container

    assert shown(contained(backend("docker", "run", "mcp/x"))).image == "mcp/x"
    from pathlib import Path

    plan = contained(backend("x", container=Container(dockerfile=Path("/srv/ca.pem"))))
    assert shown(plan).image == "built of /srv/ca.pem"


def test_a_package_is_shown_without_credentials() -> None:
    assert without_credentials("mcp==1") == "mcp==1"
    assert without_credentials("git+https://u:p@x.org/a/b@v1#sub") == "git+https://x.org/a/b@v1#sub"
