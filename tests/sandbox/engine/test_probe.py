"""Looking for engines: which one is taken, what is known of it, and a sentence for each way in which there is none."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Literal

import pytest
import trio
from trio.testing import MockClock

from argus_trio.sandbox.engine.candidates import EngineCandidate, OddCandidate, candidates
from argus_trio.sandbox.engine.facts import EngineFacts, NoEngine
from argus_trio.sandbox.engine.probe import (
    FACTS_SECONDS,
    PROBE_SECONDS,
    REUSE_SECONDS,
    STARTING_SECONDS,
    EngineProbe,
)
from tests.sandbox.engine.fake_engine import Said, docker, fake_engine, podman


def named(**environ: str) -> list[str]:
    return [each.why if isinstance(each, OddCandidate) else str(each) for each in candidates(environ)]


def test_without_variables_the_usual_sockets_are_looked_at_docker_s_first() -> None:
    assert named(XDG_RUNTIME_DIR="/run/user/1", HOME="/home/u") == [
        "/run/docker.sock",
        "/var/run/docker.sock",
        "/home/u/.docker/run/docker.sock",
        "/run/user/1/docker.sock",
        "/run/podman/podman.sock",
        "/run/user/1/podman/podman.sock",
    ]
    assert named(XDG_RUNTIME_DIR="relative", HOME="", DOCKER_HOST=" ") == named()
    assert len(named()) == 3


def test_what_a_variable_names_is_the_only_candidate() -> None:
    assert named(DOCKER_HOST="unix:///a", CONTAINER_HOST="unix:///b") == ["/a (DOCKER_HOST)", "/b (CONTAINER_HOST)"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("tcp://u:hunter2@h:2375", "DOCKER_HOST is tcp://…, which shares neither folders nor sockets"),
        ("ssh://u@h", "DOCKER_HOST is ssh://…, which shares neither folders nor sockets"),
        ("npipe:////./pipe/docker_engine", "DOCKER_HOST is npipe://…, which shares"),
        ("/run/docker.sock", "write unix:///run/docker.sock"),
        ("unix://docker.sock", "is not absolute: write unix:///PATH"),
        ("docker.sock", "names no Unix socket: write unix:///PATH"),
        ("fd://", "names no Unix socket"),
    ],
)
def test_a_variable_that_names_no_socket_says_what_to_write(value: str, why: str) -> None:
    [said] = named(DOCKER_HOST=value)
    assert why in said
    assert "hunter2" not in said


async def found(runtime: Literal["auto", "docker", "podman"] = "auto", **environ: str) -> EngineFacts | NoEngine:
    with trio.fail_after(60):
        return await EngineProbe(environ=environ).find(runtime)


async def why(socket: Path) -> str:
    nothing = await found(DOCKER_HOST=f"unix://{socket}")
    assert isinstance(nothing, NoEngine)
    return nothing.why


async def test_docker_is_known_by_what_it_tells_of_itself(tmp_path: Path) -> None:
    async with fake_engine(tmp_path / "s") as engine:
        docker(engine, SecurityOptions=["name=rootless", "name=userns", "name=selinux,x=y"], PidsLimit=False)
        facts = await found(DOCKER_HOST=f"unix://{tmp_path}/s")
    assert facts == EngineFacts(
        kind="docker",
        version="20.10.24",
        api_version="1.41",
        socket=tmp_path / "s",
        rootless=True,
        user_namespace=True,
        has_selinux=True,
        cpus=2,
        memory=1024,
        missing_limits=("pids",),
    )


async def test_podman_is_known_by_its_headers_and_found_without_a_variable(tmp_path: Path) -> None:
    (tmp_path / "podman").mkdir()
    async with fake_engine(tmp_path / "podman/podman.sock") as engine:
        podman(engine)
        facts = await found(XDG_RUNTIME_DIR=str(tmp_path))
    assert isinstance(facts, EngineFacts)
    assert (facts.kind, facts.rootless) == ("podman", False)


async def test_the_kind_that_is_wanted_is_taken_and_docker_is_first(tmp_path: Path) -> None:
    (tmp_path / "podman").mkdir()
    async with fake_engine(tmp_path / "podman/podman.sock") as one, fake_engine(tmp_path / "docker.sock") as other:
        podman(one)
        docker(other)
        probe = EngineProbe(environ={"XDG_RUNTIME_DIR": str(tmp_path)})
        kinds = [getattr(await probe.find(runtime), "kind", None) for runtime in ("auto", "docker", "podman")]
    assert kinds == ["docker", "docker", "podman"]
    assert one.asked() == other.asked() == ["GET /_ping", "GET /version", "GET /info"], "one look for all"


async def test_the_kind_that_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    async with fake_engine(tmp_path / "s") as engine:
        docker(engine)
        nothing = await found("podman", DOCKER_HOST=f"unix://{tmp_path}/s")
    assert nothing == NoEngine(
        why="Podman does not answer: docker 20.10.24 answers, and container.runtime: auto would take it",
        says_way_out=True,
    )


async def test_two_names_of_one_socket_are_one_candidate(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "s")
    async with fake_engine(tmp_path / "s") as engine:
        docker(engine)
        host = f"unix://{tmp_path}/link"
        facts = await found(DOCKER_HOST=host, CONTAINER_HOST=f"unix://{tmp_path}/s")
        assert engine.asked().count("GET /_ping") == 1
    assert isinstance(facts, EngineFacts)
    assert facts.socket == tmp_path / "link"


async def test_nothing_at_the_named_socket(tmp_path: Path) -> None:
    assert await why(tmp_path / "s") == (
        f"neither Docker nor Podman answers: DOCKER_HOST names {tmp_path}/s, and nothing is there: start that engine, "
        "or correct or unset DOCKER_HOST"
    )


async def test_nothing_anywhere(tmp_path: Path) -> None:
    nothing = await found("docker", XDG_RUNTIME_DIR=str(tmp_path))
    if isinstance(nothing, NoEngine):  # this machine may have one
        assert nothing.why == "Docker does not answer: no socket of an engine is there"


async def test_a_socket_that_nobody_listens_at(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "s"))
        assert f"nobody listens at {tmp_path}/s (DOCKER_HOST): its engine does not run" in await why(tmp_path / "s")


async def test_a_socket_that_this_user_may_not_use(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "closed/s"))
        listening.listen()
        (tmp_path / "closed").chmod(0)
        was = os.geteuid()
        try:
            if was == 0:  # who may everything
                os.seteuid(65534)
            told = await why(tmp_path / "closed/s")
        finally:
            os.seteuid(was)
            (tmp_path / "closed").chmod(0o700)
    assert "does not let this user in: add the user to the group docker and log in again" in told


async def test_a_file_and_a_path_that_is_too_long(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    assert "nobody listens at" in await why(tmp_path / "f")
    assert "path too long" in await why(tmp_path / ("x" * 120))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Said(raw=b"SSH-2.0-OpenSSH_9\r\n"), "is no container engine"),
        (Said(raw=b""), "is no container engine"),
        (Said(status=404, body="no"), "is no container engine"),
        (Said(body="hello"), "is no container engine"),
        (Said(body="OK", is_cut=True), "is no container engine"),
        (Said(body="x" * 2_000_000), "is no container engine"),
    ],
)
async def test_what_listens_there_but_is_no_engine(tmp_path: Path, said: Said, told: str) -> None:
    async with fake_engine(tmp_path / "s") as engine:
        engine.says["GET /_ping"] = said
        assert told in await why(tmp_path / "s")


@pytest.mark.parametrize(
    ("path", "said", "told"),
    [
        ("GET /info", Said(status=500, body="x"), "it answers HTTP 500 when it is asked what it is"),
        ("GET /info", Said(body=[1]), "does not say what it is"),
        ("GET /version", Said(body={"Version": 1}), "does not say what it is"),
        ("GET /version", Said(body=b"\xff\xfe{"), "does not say what it is"),
        ("GET /version", Said(body={"Version": "1", "ApiVersion": "1.24"}), "its API is 1.24, and 1.40 is needed"),
        ("GET /info", Said(body={"OSType": "windows"}), "it runs no Linux containers"),
        ("GET /info", Said(body={"OperatingSystem": "Docker Desktop"}), "virtual machine, which shares no sockets"),
    ],
)
async def test_an_engine_that_cannot_be_used(tmp_path: Path, path: str, said: Said, told: str) -> None:
    async with fake_engine(tmp_path / "s") as engine:
        docker(engine)
        engine.says[path] = said
        assert told in await why(tmp_path / "s")


async def test_one_that_hangs_is_told_after_the_time_that_a_starting_one_has(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with fake_engine(tmp_path / "s") as engine:
        engine.says["GET /_ping"] = Said(hangs=True)
        told = await why(tmp_path / "s")
    assert f"does not answer within {PROBE_SECONDS + STARTING_SECONDS:g} s: it hangs" in told
    assert trio.current_time() == PROBE_SECONDS + STARTING_SECONDS


async def test_one_that_is_just_started_by_its_socket_is_waited_for(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with fake_engine(tmp_path / "s") as engine:
        docker(engine)
        engine.says["GET /_ping"] = [Said(hangs=True), Said(body="OK")]
        assert isinstance(await found(DOCKER_HOST=f"unix://{tmp_path}/s"), EngineFacts)
    assert trio.current_time() == PROBE_SECONDS


async def test_one_that_hangs_does_not_hold_up_one_that_answers(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with fake_engine(tmp_path / "a") as hung, fake_engine(tmp_path / "b") as well:
        hung.says["GET /_ping"] = Said(hangs=True)
        podman(well)
        facts = await found(DOCKER_HOST=f"unix://{tmp_path}/a", CONTAINER_HOST=f"unix://{tmp_path}/b")
    assert getattr(facts, "kind", None) == "podman"
    assert trio.current_time() == PROBE_SECONDS


async def test_one_that_tells_nothing_of_itself_is_given_up(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with fake_engine(tmp_path / "s") as engine:
        docker(engine)
        engine.says["GET /info"] = Said(hangs=True)
        assert "answers a ping and does not tell of itself within 5 s" in await why(tmp_path / "s")
    assert trio.current_time() == FACTS_SECONDS


async def test_an_engine_that_comes_later_is_found_by_a_later_look(tmp_path: Path, autojump_clock: MockClock) -> None:
    probe = EngineProbe(environ={"DOCKER_HOST": f"unix://{tmp_path}/s"})
    assert isinstance(await probe.find(), NoEngine)
    async with fake_engine(tmp_path / "s") as engine:
        docker(engine)
        assert isinstance(await probe.find(), NoEngine), "so soon it is not looked for again"
        await trio.sleep(REUSE_SECONDS)
        assert isinstance(await probe.find(), EngineFacts)


async def test_all_who_ask_at_once_wait_for_one_look_and_one_of_them_may_go(tmp_path: Path) -> None:
    async with fake_engine(tmp_path / "s") as engine:
        docker(engine)
        probe = EngineProbe(environ={"DOCKER_HOST": f"unix://{tmp_path}/s"})
        found: list[object] = []

        async def ask(scope: trio.CancelScope) -> None:
            with scope:
                found.append(await probe.find())

        async with trio.open_nursery() as nursery:
            first = trio.CancelScope()
            nursery.start_soon(ask, first)
            await engine.came.wait()
            for _ in range(3):
                nursery.start_soon(ask, trio.CancelScope())
            first.cancel()
        assert len(found) == 3
        assert all(isinstance(each, EngineFacts) for each in found)


def test_a_candidate_says_what_names_it() -> None:
    assert str(EngineCandidate(socket=Path("/a"), variable="DOCKER_HOST")) == "/a (DOCKER_HOST)"
    assert EngineCandidate(socket=Path("/run/podman/podman.sock")).is_podmans
    assert EngineCandidate(socket=Path("/a"), variable="CONTAINER_HOST").is_podmans
    assert not EngineCandidate(socket=Path("/run/docker.sock")).is_podmans
