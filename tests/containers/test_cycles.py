"""Nothing outlives the gateway, and nobody else's container is touched: random cycles of all that can happen to it.

Each cycle is a call, a cancelled call, a crash, a killed container, processes left behind or a reload; now and then the
gateway is stopped or killed, and the next one starts. Beside it live a gateway of the same user and foreign containers
with similar names and labels. ARGUS_CONTAINER_CYCLES says how many, ARGUS_CYCLES_SEED replays a run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

import attrs
import pytest

from tests.containers.engine import Engine, Refusal
from tests.e2e import gateway
from tests.e2e.gateway import SERVERS, Gateway, Json
from tests.e2e.raw import LEGACY, Raw

SEED = int(os.environ.get("ARGUS_CYCLES_SEED") or random.SystemRandom().randrange(2**32))
CYCLES = int(os.environ.get("ARGUS_CONTAINER_CYCLES", "20"))
IMAGE = "python:3.13-slim"
SCRIPT = str(SERVERS / "mortal.py")
GONE_SECONDS = 5.0
"""How long a container may take to be gone whose gateway was killed: one second, on a busy machine."""
HEAL_SECONDS = 60.0
RELOADS = {"reloaded", "reload_changed_nothing"}
SIMILAR = {"argus-trio": "yes", "argus-trio.instances": "all", "argus-trio.backend-name": "cycle"}
"""Labels of others that look like the gateway's."""


def backend(**env: str) -> Json:
    return {"type": "stdio", "command": "python3", "args": [SCRIPT], "env": env, "container": {"image": IMAGE}}


@attrs.define(eq=False, kw_only=True)
class Cycles:
    """The gateway of now, and what is done to it."""

    engine: Engine
    names: tuple[str, ...]
    rng: random.Random
    folder: Path
    gateway: Gateway
    reloads: int = 0

    @property
    def name(self) -> str:
        return self.rng.choice(self.names)

    def raw(self) -> Raw:
        return Raw(self.gateway.url, LEGACY)

    def tool(self, tool: str, **arguments: object) -> Json:
        return self.raw().request("tools/call", name=f"{self.name}__{tool}", arguments=arguments)

    def call(self) -> None:
        """It heals: an answer comes in the end, whatever was done before."""
        said, name, deadline = uuid.uuid4().hex, self.name, time.monotonic() + HEAL_SECONDS
        while time.monotonic() < deadline:
            answer = self.raw().request("tools/call", name=f"{name}__echo", arguments={"text": said})
            if "result" in answer and not answer["result"].get("isError"):
                assert answer["result"]["content"][0]["text"] == said
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} does not come back: {answer}")

    def crash(self) -> None:
        with suppress(HTTPException):
            self.tool("leave", status=self.rng.randrange(1, 4))

    def litter(self) -> None:
        with suppress(HTTPException):
            self.tool("litter")

    def cancel(self) -> None:
        client = self.raw()
        message, headers = client.message("tools/call", {"name": f"{self.name}__wait", "arguments": {"seconds": 30}})
        connection = client.sent(message, **headers)
        time.sleep(self.rng.random() * 0.05)
        connection.close()

    def kill_container(self) -> None:
        for container in self.rng.sample(
            found := self.engine.containers(f"argus-trio.backend={self.name}"), len(found)
        ):
            with suppress(Refusal):  # it may be on its way out by itself
                self.engine.ask("POST", f"/containers/{container['Id']}/kill")

    def reload(self) -> None:
        config = json.loads((self.folder / "config.yaml").read_text())
        config["backends"][self.name]["env"]["CYCLE"] = uuid.uuid4().hex
        (self.folder / "config.yaml").write_text(json.dumps(config))
        self.gateway.child.signal(signal.SIGHUP)
        self.reloads += 1
        deadline = time.monotonic() + HEAL_SECONDS
        while sum(len(self.gateway.events(each)) for each in RELOADS) < self.reloads:
            assert time.monotonic() < deadline, "\n".join(self.gateway.child.lines()[-20:])
            time.sleep(0.05)

    @property
    def acts(self) -> tuple[Callable[[], None], ...]:
        return (self.call, self.call, self.crash, self.litter, self.cancel, self.kill_container, self.reload)


def ids(engine: Engine, names: tuple[str, ...]) -> set[str]:
    return {each["Id"] for name in names for each in engine.containers(f"argus-trio.backend={name}")}


def gone(engine: Engine, names: tuple[str, ...], within: float) -> float:
    """The seconds until no container of these backends is left. Raises: AssertionError: some stay."""
    began = time.monotonic()
    while left := ids(engine, names):
        assert time.monotonic() < began + within, f"left after {within} s: {left}; ARGUS_CYCLES_SEED={SEED}"
        time.sleep(0.02)
    return time.monotonic() - began


@contextmanager
def started(config: Json, folder: Path, environment: Mapping[str, str]) -> Iterator[Gateway]:
    """A gateway with folders of its own for sockets; its homes are shared, as those of one user are."""
    with (
        tempfile.TemporaryDirectory(prefix="at", ignore_cleanup_errors=True) as runtime,
        gateway.running(config, folder, env={**environment, "XDG_RUNTIME_DIR": runtime}) as running,
    ):
        yield running


@pytest.fixture
def strangers(engine: Engine) -> Iterator[set[str]]:
    mark = uuid.uuid4().hex[:8]
    started = {
        engine.run(IMAGE, ["sleep", "600"], name=f"argus-trio-cycle-{mark}-{number}", Labels=SIMILAR)
        for number in range(2)
    }
    yield started
    for each in started:
        engine.remove(each)


def test_nothing_is_left_and_nothing_else_is_touched(
    engine: Engine, engine_environment: Mapping[str, str], strangers: set[str], tmp_path: Path
) -> None:
    rng, mark = random.Random(SEED), uuid.uuid4().hex[:8]
    names = tuple(f"cycle-{mark}-{number}" for number in range(3))
    neighbour = (f"cycle-{mark}-neighbour",)
    done, killed, slowest = 0, 0, 0.0
    (tmp_path / "beside").mkdir()
    beside = started({"backends": {neighbour[0]: backend()}}, tmp_path / "beside", engine_environment)
    with beside as other:
        before = ids(engine, neighbour)
        assert len(before) == 1
        while done < CYCLES:
            config = {"backends": {name: backend() for name in names}}
            with started(config, tmp_path, engine_environment) as running:
                cycles = Cycles(engine=engine, names=names, rng=rng, folder=tmp_path, gateway=running)
                for _ in range(rng.randrange(3, 10)):
                    act = rng.choice(cycles.acts)
                    act()
                    done += 1
                if rng.random() < 0.6:
                    running.child.process.kill()
                    running.child.wait(GONE_SECONDS)
                    killed += 1
                    slowest = max(slowest, gone(engine, names, GONE_SECONDS))
            gone(engine, names, GONE_SECONDS)
        assert ids(engine, neighbour) == before
        assert other.events("backend_down") == []
    assert all(engine.inspect(each)["State"]["Running"] for each in strangers)
    print(f"{done} cycles, {killed} kills, gone after at most {slowest:.2f} s; ARGUS_CYCLES_SEED={SEED}")
