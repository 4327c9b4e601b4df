"""Plans as a whole: what is contained, what is bare, what is refused."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from argus_trio.config.model.container import Container, IsolationSetting, NetworkSpec
from argus_trio.sandbox.plan.engine_facts import NoEngine
from argus_trio.sandbox.plan.outcome import PACKAGE_PROGRAM, InstalledImage
from tests.sandbox.plan.support import DOCKER, ROOTLESS_DOCKER, ROOTLESS_PODMAN, backend, bare, contained, here, refused

NONE = NoEngine(why="neither Docker nor Podman answers")


def test_a_package_of_an_index_runs_in_an_image_that_is_made_of_it() -> None:
    found = contained(backend("uvx", "mcp-server-time"))
    assert found.image == InstalledImage(base="python:3.13-slim", kind="python", packages=("mcp-server-time",))
    assert found.argv == ("mcp-server-time",)
    assert (found.cwd, found.home, found.mounts) == ("/home/argus", Path("/var/lib/me/homes/x"), ())
    assert str(found.network) == "public"


def test_a_package_of_npm_runs_the_program_that_it_has() -> None:
    found = contained(backend("npx", "-y", "@modelcontextprotocol/server-everything", "stdio"))
    assert found.image == InstalledImage(
        base="node:22-slim", kind="node", packages=("@modelcontextprotocol/server-everything",), links_program=True
    )
    assert found.argv == (PACKAGE_PROGRAM, "stdio")


def test_without_an_engine_everything_runs_bare_and_says_what_to_do() -> None:
    assert bare(backend("uvx", "x"), NONE) == (
        "neither Docker nor Podman answers; start Docker or Podman and let the gateway's user use it, or write "
        "isolation: off"
    )


def test_where_why_there_is_no_engine_tells_what_to_do_nothing_else_is_advised() -> None:
    found = NoEngine(why="DOCKER_HOST is tcp://…: name one at a Unix socket", says_way_out=True)
    assert bare(backend("uvx", "x"), found) == f"{found.why}; or write isolation: off"


@pytest.mark.parametrize("command", [("uvx", "x"), ("./own",), ("uv", "run", "x"), ("sh", "-c", "x")])
def test_what_would_be_bare_is_refused_where_isolation_is_required(command: tuple[str, ...]) -> None:
    spec = backend(*command, container=Container(isolation="required"))
    assert refused(spec, NONE).startswith("isolation is required, and neither Docker")


def test_a_program_of_ones_own_is_refused_where_isolation_is_required() -> None:
    why = refused(backend("./own", container=Container(isolation="required")))
    assert why.startswith("isolation is required, and own is a program of this machine")


STRICTER = [
    (Container(strict=True), "strict"),
    (Container(strict=True, network=NetworkSpec()), "strict"),
    (Container(network=NetworkSpec(mode="none")), "network"),
    (Container(network=NetworkSpec(mode="allow", allow=("a:1",))), "network"),
    (Container(network=NetworkSpec(mode="bridge")), "network"),
    (Container(image="mine"), "image"),
    (Container(dockerfile=Path("Dockerfile")), "dockerfile"),
]


@pytest.mark.parametrize(("container", "key"), STRICTER)
def test_what_the_file_asks_of_a_container_is_not_lost_without_an_engine(container: Container, key: str) -> None:
    assert refused(backend("uvx", "x", container=container), NONE) == (
        f"container.{key} asks for isolation, and neither Docker nor Podman answers; start Docker or Podman and let "
        "the gateway's user use it, or write isolation: off"
    )
    assert bare(backend("uvx", "x", container=attrs.evolve(container, isolation="off")), NONE)


def test_a_program_of_ones_own_does_not_run_bare_where_the_file_closes_it_in() -> None:
    why = refused(backend("./own", container=Container(strict=True)))
    assert why.startswith("container.strict asks for isolation, and own is a program of this machine")
    assert why.endswith("; isolation: off runs it without")


@pytest.mark.parametrize(
    "container", [Container(packages=("y",), memory=1 << 30, pids=9, home="tmpfs"), Container(network=NetworkSpec())]
)
def test_what_only_bounds_a_container_is_no_reason_to_be_down_without_an_engine(container: Container) -> None:
    assert bare(backend("uvx", "x", container=container), NONE).startswith("neither Docker nor Podman answers")


@pytest.mark.parametrize("container", [Container(isolation="off"), Container(enabled=False, isolation="required")])
def test_off_is_bare_whatever_there_is(container: Container) -> None:
    assert bare(backend("uvx", "x", container=container)) == "isolation: off is configured for it"


def test_another_engine_than_the_one_that_is_asked_for_is_not_used() -> None:
    why = bare(backend("uvx", "x", container=Container(runtime="podman")))
    assert why.startswith("container.runtime is podman, and what answers is docker 28.2.2")


@pytest.mark.parametrize(
    ("engine", "uid", "user"),
    [
        (DOCKER, 1000, "1000:1000"),
        (DOCKER, 0, "65532:65532"),
        (ROOTLESS_DOCKER, 1000, "0:0"),
        (ROOTLESS_PODMAN, 1000, "1000:1000"),
        (attrs.evolve(DOCKER, user_namespace=True), 1000, "65532:65532"),
    ],
)
def test_a_container_is_never_root_of_this_machine(engine: object, uid: int, user: str) -> None:
    assert contained(backend("uvx", "x"), engine, here(uid=uid)).user == user  # type: ignore[arg-type]


def test_limits_are_at_most_what_the_engine_has() -> None:
    small = attrs.evolve(DOCKER, cpus=1, memory=1 << 29)
    limits = contained(backend("uvx", "x", container=Container(memory=1 << 40, cpus=64)), small).limits
    assert (limits.memory, limits.cpus) == (1 << 29, 1.0)


@pytest.mark.parametrize("setting", ["auto", "required"])
def test_strict_has_no_network_no_home_and_no_mounts_of_its_own(setting: IsolationSetting) -> None:
    spec = backend("uvx", "x", "/srv/data", container=Container(strict=True, isolation=setting))
    found = contained(spec)
    assert (found.network.mode, found.home, found.mounts) == ("none", None, ())
