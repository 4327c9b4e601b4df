"""What fails is told in one clear sentence, which says what to do, with the tail of the log where there is one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import pytest

from tests.containers.engine import Engine
from tests.containers.relay import Mode, relaying
from tests.e2e import gateway
from tests.e2e.gateway import SERVERS, Gateway, Json
from tests.e2e.raw import LEGACY, Raw

IMAGE = "python:3.13-slim"
SCRIPT = str(SERVERS / "mortal.py")
DOWN_SECONDS = 90.0
"""A build that fails asks its index several times."""
UNREADABLE = re.compile(r"Traceback|Error\(|Exception|object at 0x|None\b|\\n")
"""What no sentence for people has."""


def backend(*args: str, command: str = "python3", **container: object) -> Json:
    return {"type": "stdio", "command": command, "args": [*args], "container": {"image": IMAGE, **container}}


@attrs.frozen(kw_only=True)
class Broken:
    """A backend that cannot start, and what its failure says."""

    spec: Json
    says: tuple[str, ...]


BROKEN = {
    "no-image": Broken(spec=backend(SCRIPT, image="argus-test/no-such-image:1"), says=("argus-test/no-such-image:1",)),
    "no-program": Broken(spec=backend(command="/no/such/program"), says=("/no/such/program", "is not in the image")),
    "no-package": Broken(
        spec={"type": "stdio", "command": "uvx", "args": ["mcp-server-time==0.0.0.dev0"]},
        says=("mcp-server-time", "[Nn]o matching distribution"),
    ),
    "no-memory": Broken(spec=backend(SCRIPT, "eat", memory=48 * 1024 * 1024), says=("memory", "48")),
    "no-key": Broken(spec=backend(SCRIPT, "exit", "3"), says=("the key is missing", "3")),
    "no-folder": Broken(
        spec=backend(SCRIPT, mounts=[{"source": "/no/such/folder", "target": "/data"}]), says=("/no/such/folder",)
    ),
}


@pytest.fixture(scope="module")
def broken(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """One gateway with all of them, so that none holds up another."""
    config = {"backends": {name: each.spec for name, each in BROKEN.items()}}
    with gateway.running(config, tmp_path_factory.mktemp("broken"), env=engine_environment, ready=False) as running:
        yield running


def clear(event: Json, *says: str) -> str:
    """All that an event says of a failure, after it has been looked at. Raises: AssertionError: it is not clear."""
    reason = str(event["reason"])
    print(reason)
    assert not UNREADABLE.search(reason), reason
    told = str(event)
    for each in says:
        assert re.search(each, told), f"{each!r} is not in {told}"
    return told


@pytest.mark.parametrize("name", BROKEN)
def test_a_backend_that_cannot_start_says_why(broken: Gateway, name: str) -> None:
    clear(broken.event("backend_down", backend=name, within=DOWN_SECONDS), *BROKEN[name].says)


REQUIRED: Json = {"backends": {"one": backend(SCRIPT, isolation="required")}}
USUAL: Json = {"backends": {"one": {**backend(SCRIPT), "command": "python3"}}}


@pytest.mark.parametrize(("mode", "says"), [("hang", ("answer",)), ("vanish", ("answer|close|reset|refuse",))])
def test_an_engine_that_is_no_help_is_told(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path: Path, mode: Mode, says: tuple[str, ...]
) -> None:
    with relaying(Path(engine_environment["XDG_RUNTIME_DIR"]) / f"{mode}.sock", engine.socket, mode) as relay:
        environment = {**engine_environment, "DOCKER_HOST": relay.url}
        with gateway.running(REQUIRED, tmp_path, env=environment, ready=False) as running:
            clear(running.event("backend_down", backend="one", within=DOWN_SECONDS), *says)


def test_an_engine_that_is_not_there_is_told(engine_environment: Mapping[str, str], tmp_path: Path) -> None:
    environment = {**engine_environment, "DOCKER_HOST": f"unix://{tmp_path}/no.sock"}
    with gateway.running(REQUIRED, tmp_path, env=environment, ready=False) as running:
        clear(running.event("backend_down", backend="one", within=DOWN_SECONDS), "no.sock", "required")


def test_an_engine_that_this_user_may_not_use_is_told(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path: Path
) -> None:
    if os.geteuid():
        pytest.skip("only root can make a socket that is somebody else's")
    path = Path(engine_environment["XDG_RUNTIME_DIR"]) / "other.sock"
    with relaying(path, engine.socket) as relay:
        path.chmod(0o600)
        os.chown(path, 65534, 65534)
        environment = {**engine_environment, "DOCKER_HOST": relay.url}
        powerless = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
        with gateway.running(REQUIRED, tmp_path, env=environment, ready=False, launcher=powerless) as running:
            clear(running.event("backend_down", backend="one", within=DOWN_SECONDS), "does not let this user in")


def test_an_engine_with_a_full_disk_is_told(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path: Path
) -> None:
    with relaying(Path(engine_environment["XDG_RUNTIME_DIR"]) / "full.sock", engine.socket, "full") as relay:
        environment = {**engine_environment, "DOCKER_HOST": relay.url}
        with gateway.running(REQUIRED, tmp_path, env=environment, ready=False) as running:
            clear(
                running.event("backend_down", backend="one", within=DOWN_SECONDS),
                "no space is left",
                "argus-trio clean",
            )


def test_an_engine_that_vanishes_ends_no_server_and_comes_back(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path: Path
) -> None:
    """What runs is not the engine's concern; what is to start again is told, and heals."""
    with relaying(Path(engine_environment["XDG_RUNTIME_DIR"]) / "later.sock", engine.socket) as relay:
        environment = {**engine_environment, "DOCKER_HOST": relay.url}
        with gateway.running(USUAL, tmp_path, env=environment) as running:
            raw = Raw(running.url, LEGACY)
            relay.become("vanish")
            assert said(raw, "echo", text="still here") == "still here"
            raw.request("tools/call", name="one__leave", arguments={"status": 1})
            clear(running.event("backend_still_down", backend="one", within=DOWN_SECONDS))
            relay.become("pass")
            until_ready(running, 2)
            assert said(raw, "echo", text="here again") == "here again"


def until_ready(running: Gateway, times: int) -> None:
    """Return when its backend has become ready so often."""
    seen: list[Json] = []

    def found(line: str) -> bool | None:
        if (event := gateway.as_event(line)).get("event") == "backend_ready":
            seen.append(event)
        return True if len(seen) == times else None

    running.child.wait_for(found, within=DOWN_SECONDS)


def said(raw: Raw, tool: str, **arguments: object) -> str:
    answer = raw.request("tools/call", name=f"one__{tool}", arguments=arguments)
    return str(answer["result"]["content"][0]["text"])
