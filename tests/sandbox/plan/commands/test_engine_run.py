"""`docker run` as people write it."""

from __future__ import annotations

import shlex
from pathlib import Path

import attrs
import pytest

from argus_trio.sandbox.plan.commands.asked import AskedMount, ImageRun, NotUnderstood, OwnProgram
from argus_trio.sandbox.plan.commands.read import read_command


def read(line: str) -> object:
    command, *words = shlex.split(line)
    return read_command(command, tuple(words))


UNDERSTOOD = {
    "docker run -i --rm mcp/time": ImageRun(reference="mcp/time"),
    "docker run --rm -i mcp/fetch --ignore-robots-txt": ImageRun(reference="mcp/fetch", args=("--ignore-robots-txt",)),
    "docker run -it --init --pull=always --name x ghcr.io/a/b:1": ImageRun(reference="ghcr.io/a/b:1", pull="always"),
    "podman run -i --rm --replace --name x quay.io/a/b": ImageRun(reference="quay.io/a/b"),
    "docker container run -i a": ImageRun(reference="a"),
    "/usr/bin/docker run -i a@sha256:" + "0" * 64: ImageRun(reference="a@sha256:" + "0" * 64),
    "docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.io/github/github-mcp-server": ImageRun(
        reference="ghcr.io/github/github-mcp-server", env_names=("GITHUB_PERSONAL_ACCESS_TOKEN",)
    ),
    "docker run -i --rm -e A=1 --env B=x=y --env=C a": ImageRun(
        reference="a", env={"A": "1", "B": "x=y"}, env_names=("C",)
    ),
    "docker run -i --env-file .env a": ImageRun(reference="a", env_files=(Path(".env"),)),
    "docker run -i --rm --mount type=bind,src=/srv/data,dst=/projects/data,ro mcp/filesystem /projects": ImageRun(
        reference="mcp/filesystem",
        args=("/projects",),
        mounts=(AskedMount(source=Path("/srv/data"), target="/projects/data", is_writable=False),),
    ),
    "docker run -i -v /srv/data:/data -v ./x:/x:ro,z a": ImageRun(
        reference="a",
        mounts=(
            AskedMount(source=Path("/srv/data"), target="/data", is_writable=True),
            AskedMount(source=Path("x"), target="/x", is_writable=False, selinux="shared"),
        ),
    ),
    "docker run -i -w /app --entrypoint node a index.js": ImageRun(
        reference="a", cwd="/app", entrypoint="node", args=("index.js",)
    ),
    "docker run -i --network none a": ImageRun(reference="a", network="none"),
    "docker run -i --net=bridge a": ImageRun(reference="a", network="bridge"),
    "docker run -i --network default a": ImageRun(reference="a"),
    "docker run -i -u 1000:100 a": ImageRun(reference="a", user="1000:100"),
    "docker run -i --user 1000 a": ImageRun(reference="a", user="1000:1000"),
    "docker run -i --cap-drop ALL --security-opt no-new-privileges:true --read-only a": ImageRun(reference="a"),
    "docker run -i localhost:5000/a/b:tag -e X": ImageRun(reference="localhost:5000/a/b:tag", args=("-e", "X")),
}


@pytest.mark.parametrize("line", UNDERSTOOD)
def test_what_is_asked_of_an_engine_is_understood(line: str) -> None:
    found = read(line)
    assert isinstance(found, ImageRun)
    assert attrs.evolve(found, env=dict(found.env)) == UNDERSTOOD[line]


@pytest.mark.parametrize("option", ["--restart", "--hostname", "-l", "--log-driver"])
def test_what_is_left_out_and_might_be_missed_is_said(option: str) -> None:
    found = read(f"docker run -i --name n {option} value a")
    assert isinstance(found, ImageRun)
    assert found.notes == (f"{option} of docker run is left out",)


REFUSED = {
    "docker run": "docker run names no image",
    "docker run -i --privileged a": "--privileged of docker run: no container has power over this machine",
    "docker run -i -p 8080:80 a": "-p of docker run: a stdio server is spoken to over its stdin",
    "docker run -i --publish=80 a": "--publish of docker run: a stdio server",
    "docker run -d a": "-d of docker run: a server in the background has no stdin",
    "docker run -itd a": "-d of docker run: a server in the background",
    "docker run -i --cap-add SYS_ADMIN a": "--cap-add of docker run: no container has capabilities",
    "docker run -i --device /dev/x a": "--device of docker run: no container has devices",
    "docker run -i --gpus all a": "--gpus of docker run: no container has devices",
    "docker run -i --pid host a": "--pid of docker run: a container has namespaces of its own",
    "docker run -i --memory 1g a": "--memory of docker run: write container.memory instead",
    "docker run -i -m 1g a": "-m of docker run: write container.memory instead",
    "docker run -i --cpus=2 a": "--cpus of docker run: write container.cpus instead",
    "docker run -i --pids-limit 5 a": "--pids-limit of docker run: write container.pids instead",
    "docker run -i --add-host db:1.2.3.4 a": "--add-host of docker run: names are resolved outside",
    "docker run -i --network host a": "--network host is this machine's own network",
    "docker run -i --network mine a": "--network mine is a network that only the engine knows",
    "docker run -i --user root a": "--user root: only numbers mean the same outside",
    "docker run -i -u 0 a": "--user 0 is root, or of its group, which no container is",
    "docker run -i -u 1000:0 a": "--user 1000:0 is root, or of its group, which no container is",
    "docker run -i -u ² a": "--user ²: only numbers mean the same outside",
    "docker run -i -v claude-memory:/app/dist mcp/memory": "-v claude-memory:/app/dist asks for a volume of the engine",
    "docker run -i -v /data a": "-v /data asks for a volume of the engine",
    "docker run -i -v ~/x:/x a": "-v ~/x:/x: no shell expands ~",
    "docker run -i -v $HOME/x:/x a": "-v $HOME/x:/x: no shell expands $",
    "docker run -i -v /a:/b:shared a": "-v /a:/b:shared: shared is not understood",
    "docker run -i --mount type=volume,src=x,dst=/x a": "--mount type=volume,src=x,dst=/x is no mount of a file",
    "docker run -i --mount type=tmpfs,dst=/x a": "--mount type=tmpfs,dst=/x is no mount",
    "docker run -i --tmpfs /x a": "--tmpfs of docker run: /tmp and its home are what it may write to",
    "docker run -i --frobnicate a": "--frobnicate of docker run: it is not understood; leave it out",
    "docker run -i --security-opt seccomp=unconfined a": "--security-opt seccomp=unconfined of docker run",
    "docker run -i --pull sometimes a": "--pull sometimes is not known",
    "docker run -i -e =x a": "-e names no variable",
    "docker run -i UPPER/Case a": "UPPER/Case is no name of an image",
    "docker --context far run -i a": "docker --context is not understood before run",
    "docker -H tcp://x run a": "docker -H is not understood before run",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_would_loosen_a_container_or_is_not_known_is_refused(line: str) -> None:
    found = read(line)
    assert isinstance(found, NotUnderstood)
    assert found.why.startswith(REFUSED[line])


@pytest.mark.parametrize(
    "line", ["docker exec -i x y", "docker compose run x", "docker mcp gateway run", "podman start x", "docker"]
)
def test_other_verbs_of_an_engine_are_not_taken_over(line: str) -> None:
    found = read(line)
    assert isinstance(found, OwnProgram)
    assert "run can be taken over" in found.why
