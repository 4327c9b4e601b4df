"""Images that are run as they are: those of `docker run`, and those that the file names."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from argus_trio.config.model.container import Container
from argus_trio.core.call.via import VARIABLE
from argus_trio.sandbox.plan.outcome import DockerfileImage, GivenImage
from tests.sandbox.plan.support import DOCKER, backend, contained, here, refused


def test_the_image_of_docker_run_runs_in_a_container_of_ours() -> None:
    spec = backend(
        "docker", "run", "-i", "--rm", "-e", "TOKEN", "-e", "A=1", "-v", "/srv/data:/data", "-w", "/app",
        "mcp/x", "--y",
        env={"TOKEN": "SECRET", "OTHER": "1", VARIABLE: "abc"},
    )  # fmt: skip
    plan = contained(spec)
    assert plan.image == GivenImage(reference="mcp/x")
    assert (plan.argv, plan.uses_entrypoint, plan.cwd) == (("--y",), True, "/app")
    assert [str(each) for each in plan.mounts] == ["/srv/data:/data:rw"]
    assert {name: plan.env.get(name) for name in ("TOKEN", "A", "OTHER", VARIABLE)} == {
        "TOKEN": "SECRET",
        "A": "1",
        "OTHER": None,
        VARIABLE: "abc",
    }
    assert plan.network.mode == "public"
    assert plan.network.without_filter == "bridge"
    assert plan.notes == ("if the image has neither Python nor Node for the filter, its network is the engine's own",)


def test_a_variable_is_passed_on_by_its_name() -> None:
    plan = contained(backend("docker", "run", "-e", "A", "-e", "B", "x"), DOCKER, here({"A": "1"}))
    assert plan.env["A"] == "1"
    assert "B" not in plan.env
    assert "B is named by -e and not set" in plan.notes


def test_a_file_of_variables_is_read() -> None:
    assert contained(backend("docker", "run", "--env-file", "here.txt", "x")).env["FROM_FILE"] == "1"
    assert refused(backend("docker", "run", "--env-file", "nowhere", "x")).startswith(
        "--env-file nowhere cannot be read"
    )


def test_what_a_file_of_variables_holds_is_never_told() -> None:
    where = attrs.evolve(here({"TOKEN": "1"}), read=lambda path: "A=1\nroot:$6$hash:1\nTOKEN\nKEYOFSEVERALLINES\n")
    plan = contained(backend("docker", "run", "--env-file", "here.txt", "x"), DOCKER, where)
    assert (plan.env["A"], plan.env["TOKEN"]) == ("1", "1")
    assert not any("hash" in each or "SEVERAL" in each for each in plan.notes)


def test_an_entrypoint_takes_the_place_of_the_images_own() -> None:
    plan = contained(backend("docker", "run", "--entrypoint", "node", "x", "a.js"))
    assert (plan.argv, plan.uses_entrypoint) == (("node", "a.js"), False)
    empty = contained(backend("docker", "run", "--entrypoint=", "x", "a", "b"))
    assert (empty.argv, empty.uses_entrypoint) == (("a", "b"), False)
    assert refused(backend("docker", "run", "--entrypoint=", "x")).startswith("--entrypoint is empty, and nothing")


def test_a_user_of_docker_run_is_kept() -> None:
    assert contained(backend("docker", "run", "-u", "5:6", "x")).user == "5:6"


@pytest.mark.parametrize(
    ("words", "begin"),
    [
        (("-v", "/run/docker.sock:/x"), "-v: /run/docker.sock is, or holds, the socket of a container engine"),
        (("-v", "/:/host"), "-v: / is, or holds, the socket"),
        (("-v", "/nowhere:/x"), "-v: /nowhere is not there: create it"),
        (("-v", "/srv/data:/proc"), "-v: /proc is the container's own"),
        (("--privileged",), "--privileged of docker run: no container has power"),
    ],
)
def test_what_docker_run_would_open_is_refused(words: tuple[str, ...], begin: str) -> None:
    assert refused(backend("docker", "run", "-i", *words, "x")).startswith(begin)


def test_the_socket_of_the_engine_in_use_is_known_wherever_it_is() -> None:
    facts = attrs.evolve(DOCKER, socket=Path("/srv/mysql.sock"))
    assert "is, or holds, the socket" in refused(backend("docker", "run", "-v", "/srv/mysql.sock:/x", "x"), facts)


def test_the_file_names_another_image_for_docker_run() -> None:
    assert contained(backend("docker", "run", "x", container=Container(image="y"))).image == GivenImage(reference="y")


def test_in_an_image_of_the_file_command_and_args_run() -> None:
    plan = contained(backend("server", "--x", container=Container(image="mine:1")))
    assert plan.image == GivenImage(reference="mine:1")
    assert (plan.argv, plan.uses_entrypoint, plan.cwd) == (("server", "--x"), False, None)
    assert plan.network.without_filter == "none"
    assert plan.notes == (
        "if the image has neither Python nor Node for the filter, it has no network: for the engine's own write "
        "network: bridge",
    )


def test_an_image_may_be_built_of_a_dockerfile() -> None:
    container = Container(dockerfile=Path("/srv/ca.pem"))
    assert contained(backend("server", container=container)).image == DockerfileImage(dockerfile=Path("/srv/ca.pem"))
    why = refused(backend("server", container=Container(dockerfile=Path("/nowhere"))))
    assert why == "container.dockerfile: /nowhere is no file: correct it"
    both = Container(dockerfile=Path("/srv/ca.pem"), image="x")
    assert refused(backend("server", container=both)) == "container has both image and dockerfile: leave one out"
