"""The control of a real engine, and what is left there when the process that used it is killed."""

from __future__ import annotations

import io
import os
import secrets
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from argus_trio.sandbox.engine.control import EngineControl, open_control
from argus_trio.sandbox.engine.facts import EngineFacts
from argus_trio.sandbox.engine.failure import EngineFailed, FailureKind
from argus_trio.sandbox.engine.images import ImageBuild
from argus_trio.sandbox.engine.probe import EngineProbe
from argus_trio.sandbox.engine.reaping.leftovers import reap_leftovers, this_gateway
from argus_trio.sandbox.engine.reaping.reaper_process import REAPER
from argus_trio.sandbox.plan.launch import INSTANCE_LABEL
from tests.containers.base_image import NAMES
from tests.containers.engine import Engine

IMAGE = NAMES["python"]
GONE_SECONDS = 1.0
"""What is left of a killed gateway is gone after that."""
LABEL = "argus-trio.test"


@pytest.fixture
async def control(engine: Engine) -> AsyncIterator[EngineControl]:
    facts = await EngineProbe(environ={"DOCKER_HOST": engine.url}).find()
    assert isinstance(facts, EngineFacts)
    async with open_control(facts, redact=str) as control:
        yield control


@pytest.fixture
def run(engine: Engine) -> Iterator[str]:
    """A label of this test's containers, which are removed at its end."""
    run = f"{LABEL}={secrets.token_hex(6)}"
    yield run
    for container in engine.containers(run):
        engine.ask("DELETE", f"/containers/{container['Id']}", force=1)


def body(run: str, code: str, **host: object) -> Mapping[str, object]:
    name, _, value = run.partition("=")
    settings: dict[str, object] = {"NetworkMode": "none", "LogConfig": {"Type": "none"}, **host}
    return {"Image": IMAGE, "Entrypoint": ["python3", "-c", code], "Labels": {name: value}, "HostConfig": settings}


def new_name() -> str:
    return f"argus-test-{secrets.token_hex(6)}"


async def test_a_container_that_is_removed_when_it_ends_is_waited_for_from_before_its_start(
    control: EngineControl, run: str
) -> None:
    container = await control.create(body(run, "raise SystemExit(7)", AutoRemove=True), name=new_name())
    codes: list[int] = []

    async def wait(task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()
        codes.append(await control.wait(container, "next-exit"))

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(wait)
            await trio.testing.wait_all_tasks_blocked()
            await control.start(container)
    assert codes == [7]
    await control.remove(container)
    assert await control.containers(run) == []


async def test_a_container_can_be_removed_amid_its_end_again_and_again(control: EngineControl, run: str) -> None:
    async def once() -> None:
        container = await control.create(body(run, "", AutoRemove=True), name=new_name())
        await control.start(container)
        await control.kill(container)
        await control.remove(container)

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            for _ in range(6):
                nursery.start_soon(once)
    with trio.fail_after(10):
        while await control.containers(run):  # noqa: ASYNC110
            await trio.sleep(0.05)  # an engine removes by itself, and tells nobody here


async def test_who_is_cancelled_amid_a_creation_leaves_no_container(control: EngineControl, run: str) -> None:
    for pause in (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02):
        with trio.move_on_after(pause) as scope:
            await control.create(body(run, ""), name=new_name())
        if not scope.cancelled_caught:
            continue
        assert await control.containers(run) == [], pause


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"Image": "argus-test/nothing:1"}, "no_image"),
        ({"Entrypoint": ["nonesuch"]}, "no_program"),
        (
            {
                "HostConfig": {
                    "NetworkMode": "none",
                    "Mounts": [{"Type": "bind", "Source": "/nonexistent/x", "Target": "/x"}],
                }
            },
            "no_source",
        ),
    ],
)
async def test_what_cannot_be_started_says_why_and_leaves_nothing_that_runs(
    control: EngineControl, run: str, change: dict[str, object], kind: FailureKind
) -> None:
    if kind == "no_source" and control.facts.kind == "podman":
        pytest.skip("Podman makes a folder that is to be mounted and is not there")

    async def create_and_start() -> None:
        await control.start(await control.create({**body(run, ""), **change}, name=new_name()))

    with pytest.raises(EngineFailed) as caught:
        await create_and_start()
    assert caught.value.kind == kind


async def test_an_image_that_is_nowhere_cannot_be_pulled(control: EngineControl) -> None:
    assert await control.image("127.0.0.1:9/argus-test/nothing:1") is None
    with trio.fail_after(60), pytest.raises(EngineFailed) as caught:
        await control.pull("127.0.0.1:9/argus-test/nothing:1", lambda _: None)
    assert caught.value.kind in ("unreachable", "no_image")


async def test_a_container_becomes_an_image_with_nothing_of_whose_it_was(control: EngineControl, run: str) -> None:
    gateway = this_gateway()
    asked = {**body(run, ""), "Labels": {**gateway.labels, LABEL: run.partition("=")[2]}}
    container = await control.create(asked, name=new_name())
    await control.start(container)
    assert await control.wait(container) == 0
    tag = secrets.token_hex(4)
    try:
        image = await control.commit(container, repository="argus-test/made", tag=tag, labels={LABEL: "a $b 'c' \"d\""})
        made = await control.image(f"argus-test/made:{tag}")
        assert made is not None
        assert made.id.removeprefix("sha256:") == image.removeprefix("sha256:")
        assert (made.cmd, made.entrypoint, made.labels[LABEL]) == ((), (), "a $b 'c' \"d\"")
        assert not made.labels.get(INSTANCE_LABEL)
    finally:
        await control.remove(container)
        assert await control.remove_image(f"argus-test/made:{tag}")
    assert await control.image(f"argus-test/made:{tag}") is None


def tar_of(dockerfile: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile)
        archive.addfile(entry, io.BytesIO(dockerfile.encode()))
    return packed.getvalue()


async def test_the_engine_builds_what_a_dockerfile_says_and_tells_how_far_it_is(control: EngineControl) -> None:
    tag = f"argus-test/built:{secrets.token_hex(4)}"
    told: list[str] = []
    build = ImageBuild(context=tar_of(f"FROM {IMAGE}\nUSER 5\n"), tag=tag, labels={LABEL: "x"}, memory=256 << 20)
    with trio.fail_after(120):
        built = await control.build(build, told.append)
    try:
        assert (built.user, built.labels[LABEL]) == ("5", "x")
        assert told
    finally:
        await control.remove_image(tag)


async def test_a_build_that_fails_has_its_log_in_the_details(control: EngineControl) -> None:
    failing = tar_of(f'FROM {IMAGE}\nRUN ["python3", "-c", "print(\'about to fail\'); raise SystemExit(3)"]\n')
    build = ImageBuild(context=failing, tag="argus-test/failing:1", memory=256 << 20, network="none")
    with trio.fail_after(120), pytest.raises(EngineFailed) as caught:
        await control.build(build, lambda _: None)
    assert any("about to fail" in line for line in caught.value.details)


@contextmanager
def user_of(engine: Engine) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that uses the engine, and its instance."""
    part = Path(__file__).with_name("gateway_part.py")
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, str(part), engine.url, IMAGE],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    with process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def reapers(instance: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            argv = entry.read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if str(REAPER).encode() in argv and instance.encode() in argv:
            found.append(int(entry.parent.name))
    return found


def test_of_a_process_that_is_killed_nothing_is_left_after_a_second_and_foreign_containers_are(
    engine: Engine, run: str
) -> None:
    foreign = engine.ask("POST", "/containers/create", dict(body(run, "")), name=new_name())["Id"]
    with user_of(engine) as (process, instance):
        assert len(engine.containers(f"{INSTANCE_LABEL}={instance}")) >= 2
        process.kill()
        process.wait()
        killed = time.monotonic()
        while engine.containers(f"{INSTANCE_LABEL}={instance}"):
            assert time.monotonic() - killed < GONE_SECONDS + 2, "with two seconds for a busy machine"
    assert [container["Id"] for container in engine.containers(run)] == [foreign]


async def test_what_a_killed_reaper_leaves_is_removed_by_the_next_start_and_what_lives_is_not(
    engine: Engine, control: EngineControl, run: str
) -> None:
    foreign = engine.ask("POST", "/containers/create", dict(body(run, "")), name=new_name())["Id"]
    with user_of(engine) as (living, its), user_of(engine) as (process, instance):
        [reaper] = reapers(instance)
        os.kill(process.pid, signal.SIGSTOP)  # so that it starts no other one
        os.kill(reaper, signal.SIGKILL)
        process.kill()
        process.wait()
        with trio.fail_after(20):  # it may be creating one still
            await reap_leftovers(control, "me")
            while engine.containers(f"{INSTANCE_LABEL}={instance}"):
                await reap_leftovers(control, "me")
        assert len(engine.containers(f"{INSTANCE_LABEL}={its}")) >= 2
        assert living.poll() is None
    assert [container["Id"] for container in engine.containers(run)] == [foreign]
