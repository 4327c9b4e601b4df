"""Images by a real engine: from an index with a password, of which nothing is left; made anew; ended amid it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import trio

from argus_trio.sandbox.engine.control import open_control
from argus_trio.sandbox.engine.probe import EngineProbe
from argus_trio.sandbox.image.cleaning import remove_unneeded
from argus_trio.sandbox.image.ready import RECIPE_LABEL
from argus_trio.sandbox.plan.engine_facts import EngineFacts
from tests.containers.engine import Engine
from tests.containers.package_index import CANARY, NAME, PackageIndex, serving_packages

BUILD_SECONDS = 120
GONE_SECONDS = 15


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with serving_packages() as served:
        yield served


@pytest.fixture
def made(engine: Engine) -> Iterator[list[str]]:
    """The tags of images that were made, which are removed at the end."""
    tags: list[str] = []
    yield tags
    for tag in tags:
        if engine.has_image(tag):
            engine.ask("DELETE", f"/images/{tag}", force="true")


def written(folder: Path, backend: str, command: str, argument: str, container: Mapping[str, object]) -> Path:
    path = folder / "config.yaml"
    entry = {"type": "stdio", "command": command, "args": [argument], "container": dict(container)}
    path.write_text(json.dumps({"backends": {backend: entry}}))
    return path


def started(config: Path, environment: Mapping[str, str], *options: str) -> subprocess.Popen[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(config.parent), **environment}
    env |= {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
    command = [sys.executable, "-m", "argus_trio", "build", "-c", str(config), *options]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def built(config: Path, environment: Mapping[str, str], *options: str) -> tuple[int, str, str]:
    process = started(config, environment, *options)
    out, err = process.communicate(timeout=BUILD_SECONDS)
    return process.returncode, out, err


def tag_in(out: str) -> str:
    return next(word for word in out.split() if word.startswith("argus-trio/"))


def everything_about(engine: Engine, tag: str) -> bytes:
    """What an engine tells of an image, and every byte of its files."""
    told = [engine.ask("GET", f"/images/{tag}/{what}") for what in ("json", "history")]
    created = engine.ask("POST", "/containers/create", {"Image": tag, "Cmd": ["none"]}, name="")
    try:
        files: bytes = engine.ask("GET", f"/containers/{created['Id']}/export")
    finally:
        engine.remove(created["Id"])
    return json.dumps(told).encode() + files


async def gone(engine: Engine, backend: str) -> None:
    """Return once no container of a backend is left."""
    with trio.fail_after(GONE_SECONDS):
        while engine.containers(f"argus-trio.backend={backend}"):  # noqa: ASYNC110 - nobody tells of it
            await trio.sleep(0.1)


@pytest.mark.parametrize(("command", "key"), [("uvx", "index_url"), ("npx", "npm_registry")])
def test_an_image_from_an_index_with_a_password_on_this_machine_has_the_package_and_nothing_of_the_password(
    engine: Engine,
    engine_environment: Mapping[str, str],
    index: PackageIndex,
    made: list[str],
    tmp_path: Path,
    command: str,
    key: str,
) -> None:
    url = index.python_url if command == "uvx" else index.npm_url
    config = written(tmp_path, "canary", command, NAME, {key: url})
    code, out, err = built(config, engine_environment)
    assert code == 0, err
    made.append(tag := tag_in(out))
    labels = engine.ask("GET", f"/images/{tag}/json")["Config"]["Labels"]
    assert json.loads(labels["argus-trio.versions"])[NAME] == "1.0.0"
    found = everything_about(engine, tag)
    assert NAME.encode() in found
    for text in (found, out.encode(), err.encode()):
        assert CANARY.encode() not in text
    code, out, err = built(config, engine_environment)
    assert (code, out, err) == (0, f"canary: {tag} is there\n", "")
    assert not engine.containers("argus-trio.backend=canary")


def test_a_package_that_is_not_there_is_told_with_the_tail_of_the_log_and_nothing_is_left(
    engine: Engine, engine_environment: Mapping[str, str], index: PackageIndex, tmp_path: Path
) -> None:
    config = written(tmp_path, "absent", "uvx", "argus-no-such-tool", {"index_url": index.python_url})
    code, out, err = built(config, engine_environment)
    assert (code, out) == (1, "")
    assert "absent: its image cannot be built: No matching distribution found for argus-no-such-tool\n" in err
    assert "\n    ERROR: No matching distribution found for argus-no-such-tool\n" in err
    assert CANARY not in err
    assert not engine.containers("argus-trio.backend=absent")


async def test_an_update_takes_the_newest_version_says_what_changed_and_leaves_one_image(
    engine: Engine,
    engine_environment: Mapping[str, str],
    index: PackageIndex,
    made: list[str],
    tmp_path: Path,
) -> None:
    config = written(tmp_path, "renewed", "uvx", NAME, {"index_url": index.python_url})
    assert (await trio.to_thread.run_sync(built, config, engine_environment))[0] == 0
    index.versions.append("2.0.0")
    _, out, _ = await trio.to_thread.run_sync(built, config, engine_environment)
    assert " is there\n" in out
    made.append(tag := tag_in(out))
    code, out, err = await trio.to_thread.run_sync(built, config, engine_environment, "--update")
    assert code == 0, err
    assert f"    {NAME} 1.0.0 -> 2.0.0\n" in out
    listed = engine.ask("GET", "/images/json", filters=json.dumps({"label": [RECIPE_LABEL]}))
    assert [each["RepoTags"] for each in listed if any(NAME in name for name in each["RepoTags"] or ())] == [[tag]]
    found = await EngineProbe(environ=engine_environment).find("auto")
    assert isinstance(found, EngineFacts)
    others = {name for each in listed for name in each["RepoTags"] or () if name != tag}
    async with open_control(found, redact=str) as control:
        removed, kept = await remove_unneeded(control, others)
    assert ([image.tag for image in removed], kept) == ([tag], ())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
async def test_a_build_that_is_interrupted_or_killed_leaves_nothing(
    engine: Engine,
    engine_environment: Mapping[str, str],
    index: PackageIndex,
    tmp_path: Path,
    number: signal.Signals,
    code: int,
) -> None:
    backend = f"ended-{number.name.lower()}"
    config = written(tmp_path, backend, "uvx", NAME, {"index_url": index.python_url, "packages": [NAME]})
    index.may_answer.clear()
    process = started(config, engine_environment)
    try:
        assert await trio.to_thread.run_sync(index.asked.wait, 60)
        assert len(engine.containers(f"argus-trio.backend={backend}")) == 1
        process.send_signal(number)
        _, err = await trio.to_thread.run_sync(lambda: process.communicate(timeout=30))
    finally:
        process.kill()
    assert process.returncode == code
    assert "Traceback" not in err
    await gone(engine, backend)


def test_a_dockerfile_is_built_with_what_is_beside_it_and_told_when_it_fails(
    engine: Engine, engine_environment: Mapping[str, str], made: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "own-server"
    folder.mkdir()
    (folder / "server.py").write_text("print('here')\n")
    (folder / "secret.key").write_text(CANARY)
    (folder / ".dockerignore").write_text("*.key\n")
    (folder / "Dockerfile").write_text(
        'FROM python:3.13-slim\nCOPY . /srv\nRUN ["python3", "/srv/server.py"]\nENTRYPOINT ["python3"]\n'
    )
    config = written(tmp_path, "own", "python3", "/srv/server.py", {"dockerfile": str(folder / "Dockerfile")})
    code, out, err = built(config, engine_environment)
    assert code == 0, err
    assert "own: here\n" in err
    made.append(tag := tag_in(out))
    assert tag.startswith("argus-trio/own-server:")
    found = everything_about(engine, tag)
    assert b"srv/server.py" in found
    assert CANARY.encode() not in found
    assert " is there\n" in built(config, engine_environment)[1]
    (folder / "server.py").write_text("raise SystemExit('not so')\n")
    code, out, err = built(config, engine_environment)
    assert (code, out) == (1, "")
    assert "\n    not so\n" in err
    assert "returned a non-zero code: 1" in err
