"""The life of contained backends: killed, reloaded, built, stopped; and an engine that hangs, or comes later."""

from __future__ import annotations

import json
import signal
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

from tests.containers.engine import Engine
from tests.containers.relay import relaying
from tests.e2e import gateway
from tests.e2e.gateway import SERVERS, Gateway, Json
from tests.e2e.raw import LEGACY, MODERN, Raw

T = TypeVar("T")

IMAGE = "python:3.13-slim"
SCRIPT = str(SERVERS / "mortal.py")
WAIT_SECONDS = 60.0
"""What a start may take on a busy machine."""
STOP_SECONDS = 5.0
"""What a stop may take beyond its drain."""
GONE_SECONDS = 2.0


@pytest.fixture
def name() -> str:
    """A backend's name that no other test has, so that its containers are known."""
    return f"life-{uuid.uuid4().hex[:8]}"


def backend(**container: object) -> Json:
    return {"type": "stdio", "command": "python3", "args": [SCRIPT], "container": {"image": IMAGE, **container}}


def found(engine: Engine, name: str) -> list[str]:
    return [str(each["Id"]) for each in engine.containers(f"argus-trio.backend={name}")]


def until(see: Callable[[], T], *, within: float = WAIT_SECONDS) -> T:
    """The first truth. Raises: AssertionError: none in time."""
    deadline = time.monotonic() + within
    while not (seen := see()):
        assert time.monotonic() < deadline, f"not within {within:g} s"
        time.sleep(0.05)  # an engine has no event that these tests would see
    return seen


def said(url: str, name: str, text: str, revision: str = LEGACY, **capabilities: Json) -> str:
    answer = Raw(url, revision, capabilities=capabilities).call(f"{name}__echo", text=text)
    return str(answer["content"][0]["text"])


def again(url: str, name: str) -> None:
    """Return once calls are answered."""

    def answered() -> bool:
        answer = Raw(url, LEGACY).request("tools/call", name=f"{name}__echo", arguments={"text": "again"})
        return "result" in answer and not answer["result"].get("isError")

    until(answered)


def standing(running: Gateway, name: str) -> Json:
    _, answer = running.get(f"/manage/v1/backends/{name}")
    return answer


def rewritten(running: Gateway, folder: Path, change: Callable[[Json], None]) -> None:
    """Change the configuration, and have it read again."""
    path = folder / "config.yaml"
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))
    running.child.signal(signal.SIGHUP)


@pytest.fixture
def one(engine_environment: Mapping[str, str], tmp_path: Path, name: str) -> Iterator[Gateway]:
    with gateway.running({"backends": {name: backend()}}, tmp_path, env=engine_environment) as running:
        yield running


def test_both_eras_call_what_is_contained_and_it_is_said_once_at_the_start(
    engine: Engine, one: Gateway, name: str
) -> None:
    assert said(one.url, name, "old", LEGACY) == "old"
    assert said(one.url, name, "new", MODERN) == "new"
    assert len(found(engine, name)) == 1
    (event,) = one.events("isolation")
    assert (event["contained"], event["bare"], event["level"]) == (1, 0, "info")
    assert str(event["engine"]).startswith(("docker", "podman"))
    isolation = standing(one, name)["isolation"]
    assert isolation["plan"] == "contained"
    assert str(isolation["digest"]).startswith("sha256:")


def test_a_container_that_is_killed_is_down_with_a_sentence_and_heals(engine: Engine, one: Gateway, name: str) -> None:
    (before,) = found(engine, name)
    engine.ask("POST", f"/containers/{before}/kill")
    down = one.event("backend_down", backend=name)
    assert "was killed" in str(down["reason"])
    again(one.url, name)
    assert before not in found(engine, name)


def test_the_connection_of_a_single_client_has_a_container_of_its_own(engine: Engine, one: Gateway, name: str) -> None:
    (shared,) = found(engine, name)
    assert said(one.url, name, "mine", LEGACY, elicitation={}) == "mine"
    assert len(found(engine, name)) == 2
    assert shared in found(engine, name)


def test_nothing_is_left_of_a_gateway_that_is_killed(engine: Engine, one: Gateway, name: str) -> None:
    assert found(engine, name)
    one.child.process.kill()
    one.child.wait(WAIT_SECONDS)
    until(lambda: not found(engine, name), within=GONE_SECONDS)


def test_a_stop_leaves_no_container(engine: Engine, one: Gateway, name: str) -> None:
    assert one.stop() == 0
    assert not found(engine, name)


def test_a_changed_container_takes_the_place_of_the_one_that_serves(
    engine: Engine, one: Gateway, name: str, tmp_path: Path
) -> None:
    (before,) = found(engine, name)

    def change(config: Json) -> None:
        config["backends"][name]["container"]["memory"] = 128 * 1024 * 1024

    rewritten(one, tmp_path, change)
    one.event("reloaded")
    assert said(one.url, name, "still") == "still"
    (after,) = until(lambda: [each for each in [found(engine, name)] if before not in each and len(each) == 1])[0]
    assert engine.inspect(after)["HostConfig"]["Memory"] == 128 * 1024 * 1024


def test_what_must_not_overlap_never_has_two_containers(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path: Path, name: str
) -> None:
    spec = {**backend(), "overlap": False}
    with gateway.running({"backends": {name: spec}}, tmp_path, env=engine_environment) as running:
        most: list[int] = []

        def change(config: Json) -> None:
            config["backends"][name]["env"] = {"CHANGED": "1"}

        rewritten(running, tmp_path, change)

        def reloaded() -> bool:
            most.append(len(found(engine, name)))
            return bool(running.events("reloaded")) and len(running.events("backend_ready")) == 2

        until(reloaded)
        assert max(most) <= 1


def test_stderr_and_processor_time_are_those_of_the_container(one: Gateway, name: str) -> None:
    Raw(one.url, LEGACY).request("tools/call", name=f"{name}__leave", arguments={"status": 3})
    down = one.event("backend_down", backend=name)
    assert "code 3" in str(down["reason"])
    assert "leaving as I was told" in str(down["details"])
    again(one.url, name)
    _, answer = one.get(f"/manage/v1/logs/{name}")
    assert "leaving as I was told" in json.dumps(answer)


def test_an_engine_that_hangs_ends_nothing_and_what_is_to_start_heals(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path: Path, name: str
) -> None:
    with relaying(Path(engine_environment["XDG_RUNTIME_DIR"]) / f"{name}.sock", engine.socket) as relay:
        environment = {**engine_environment, "DOCKER_HOST": relay.url}
        with gateway.running({"backends": {name: backend()}}, tmp_path, env=environment) as running:
            relay.become("hang")
            assert said(running.url, name, "no matter") == "no matter"
            Raw(running.url, LEGACY).request("tools/call", name=f"{name}__leave", arguments={"status": 1})
            running.event("backend_down", backend=name)
            reason = until(lambda: _reason_of_engine(running, name))
            assert "hangs" in reason
            assert standing(running, name)["isolation"]["plan"] == "contained"
            relay.become("pass")
            again(running.url, name)


def _reason_of_engine(running: Gateway, name: str) -> str:
    events = [*running.events("backend_down"), *running.events("backend_still_down")]
    reasons = [str(each["reason"]) for each in events if each["backend"] == name]
    return next((each for each in reasons if "docker" in each.lower() or "podman" in each.lower()), "")


def test_an_engine_that_comes_later_contains_what_is_restarted_and_is_told(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path: Path, name: str
) -> None:
    path = Path(engine_environment["XDG_RUNTIME_DIR"]) / f"{name}.sock"
    environment = {**engine_environment, "DOCKER_HOST": f"unix://{path}"}
    either = {**backend(), "container": {"packages": ["six"]}}
    with gateway.running({"backends": {name: either}}, tmp_path, env=environment) as running:
        (event,) = running.events("isolation")
        assert (event["bare"], event["level"]) == (1, "warning")
        assert said(running.url, name, "bare") == "bare"
        with relaying(path, engine.socket):
            running.event("isolation_engine_came")
            assert not found(engine, name)
            Raw(running.url, LEGACY).request("tools/call", name=f"{name}__leave", arguments={"status": 1})
            until(lambda: found(engine, name))
            again(running.url, name)
            assert standing(running, name)["isolation"]["plan"] == "contained"


SLOW: Json = {"type": "stdio", "command": "uvx", "args": ["mcp-server-fetch"]}
NEVER: Json = {"type": "stdio", "command": "uvx", "args": ["mcp-server-time==0.0.0.dev0"]}


def slow_build() -> Json:
    """A backend whose image nobody has built yet, and that takes its time."""
    return {**SLOW, "container": {"packages": [f"pip>={uuid.uuid4().int % 20}.0"]}}


def test_a_build_that_fails_is_down_with_the_tail_of_its_log_and_harms_no_other(
    engine: Engine, one: Gateway, name: str, tmp_path: Path
) -> None:
    def change(config: Json) -> None:
        config["backends"]["never"] = NEVER

    rewritten(one, tmp_path, change)
    down = one.event("backend_down", backend="never")
    assert "atching distribution" in f"{down['reason']} {down['details']}"
    assert said(one.url, name, "unharmed") == "unharmed"
    assert not found(engine, "never")


def test_a_reload_and_a_stop_do_not_wait_for_a_build(engine: Engine, one: Gateway, name: str, tmp_path: Path) -> None:
    def change(config: Json) -> None:
        config["backends"][name] |= slow_build()

    began = time.monotonic()
    rewritten(one, tmp_path, change)
    one.event("reloaded")
    assert time.monotonic() - began < 10
    assert said(one.url, name, "as before") == "as before"
    one.event("backend_preparing", backend=name)
    began = time.monotonic()
    assert one.stop() == 0
    assert time.monotonic() - began < 2 + STOP_SECONDS
    assert not found(engine, name)


def test_a_stop_keeps_its_limit_although_the_engine_hangs_and_leaves_nothing(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path: Path, name: str
) -> None:
    with relaying(Path(engine_environment["XDG_RUNTIME_DIR"]) / f"{name}.sock", engine.socket) as relay:
        environment = {**engine_environment, "DOCKER_HOST": relay.url}
        with gateway.running({"backends": {name: backend()}}, tmp_path, env=environment) as running:
            relay.become("hang")
            assert running.stop() == 0
            until(lambda: not found(engine, name), within=GONE_SECONDS)
