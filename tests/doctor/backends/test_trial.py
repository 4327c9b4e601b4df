"""The gateway that runs for a moment: what it says of backends, and that nothing of it is left."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import pytest
import trio

from argus_trio.app import run_gateway
from argus_trio.config.model.backend import BackendSpec, HttpBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import Container
from argus_trio.config.model.operation import Timeouts
from argus_trio.config.model.server import Server, ServerManagement
from argus_trio.doctor.backends.look import look_at_backends
from argus_trio.doctor.backends.seen import GatewaySeen
from argus_trio.doctor.backends.trial import trial_config, try_out
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.doctor.running import RunningGateway, RunningGateways
from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.manage_client.failure import CommandFailed

ROOT = Path(__file__).parents[3]


def stdio(name: str, *args: str, **more: object) -> StdioBackend:
    environment = {"PYTHONPATH": str(ROOT)}
    return StdioBackend(
        name=name,
        command=sys.executable,
        args=args,
        env=environment,
        container=Container(isolation="off"),
        **more,  # type: ignore[arg-type]  # fields as they are named
    )


def config_of(*backends: BackendSpec) -> Config:
    return Config(backends={each.name: each for each in backends})


async def tried(*backends: BackendSpec, wait_seconds: float = 30.0) -> GatewaySeen:
    with trio.fail_after(60):
        return await try_out(config_of(*backends), run_gateway, wait_seconds=wait_seconds)


def children() -> list[str]:
    """The processes that this one started and that have not gone."""
    return [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]


async def test_each_backend_is_waited_for_until_its_first_attempt_has_ended() -> None:
    seen = await tried(
        stdio("well", "-m", "tests.servers.both", "stdio"),
        stdio("broken", "-c", "import no_such_module"),
        HttpBackend(name="away", url="http://127.0.0.1:9/mcp"),
    )
    assert {each.entry.name: each.entry.state for each in seen.backends} == {
        "well": "ready",
        "broken": "down",
        "away": "down",
    }
    assert {each.name for each in seen.tools} == {"well__who", "well__where"}
    assert seen.visible == 2
    assert children() == []


async def test_waiting_ends_when_its_time_is_over_and_nothing_is_left() -> None:
    seen = await tried(stdio("slow", "-c", "import time; time.sleep(600)"), wait_seconds=1.0)
    assert seen.backends[0].entry.state == "starting"
    assert 1.0 <= seen.waited < 5.0
    assert children() == []


def test_a_trial_is_asked_by_its_own_token_at_an_address_of_its_own() -> None:
    server = Server(
        host="0.0.0.0",
        port=9000,
        allow_unauthenticated=True,
        management=ServerManagement(token="its-own", socket="auto", listen="127.0.0.1:9001"),
    )
    made = trial_config(attrs.evolve(Config(), server=server), "random")
    assert (made.server.host, made.server.port, made.server.watch) == ("127.0.0.1", 0, False)
    assert made.server.management == ServerManagement(token="random")
    assert "random" in made.secrets


async def test_a_gateway_that_does_not_start_is_told_by_its_own_reason() -> None:
    invalid = ConfigInvalid("c.yaml", (Problem(path="middleware[0]", message="it cannot be made", hint="mend it"),))

    async def refuses(_: Config, *, on_listening: object) -> None:
        raise invalid

    with pytest.raises(ConfigInvalid):
        await try_out(config_of(), refuses, wait_seconds=1.0)
    (found,) = await look_at_backends(_examination(config_of(stdio("it")), start=refuses))
    assert found.what == "no gateway starts with it: middleware[0]: it cannot be made"
    assert found.advice == "mend it"


async def test_a_gateway_that_listens_and_does_not_answer_is_told() -> None:
    async def deaf(_: Config, *, on_listening: object) -> None:
        assert callable(on_listening)
        on_listening(["http://127.0.0.1:9"])
        await trio.sleep_forever()

    with pytest.raises(CommandFailed, match="no gateway at"):
        await _promptly(deaf)


async def _promptly(start: object) -> None:
    with trio.fail_after(30):
        await try_out(config_of(), start, wait_seconds=1.0)  # type: ignore[arg-type]  # a start like any other


async def test_ctrl_c_ends_the_trial_and_what_it_started() -> None:
    async def interrupts(config: Config, *, on_listening: object) -> None:
        def listening(urls: Sequence[str]) -> None:
            assert callable(on_listening)
            on_listening(urls)
            os.kill(os.getpid(), signal.SIGINT)

        await run_gateway(config, on_listening=listening)

    config = config_of(stdio("slow", "-c", "import time; time.sleep(600)"))
    with trio.fail_after(30), pytest.raises(KeyboardInterrupt):
        await try_out(config, interrupts, wait_seconds=30.0)
    assert children() == []


def _examination(
    config: Config, *, start: object = run_gateway, wait_seconds: float = 30.0, running: RunningGateways | None = None
) -> Examination:
    return Examination(
        path=Path("/nonexistent/config.yaml"),
        config=config,
        environ={},
        home=Path("/nonexistent"),
        cwd=Path("/nonexistent"),
        start=start,  # type: ignore[arg-type]  # a start like any other
        wait_seconds=wait_seconds,
        running=running or RunningGateways(),
    )


async def _told(*backends: BackendSpec, wait_seconds: float = 30.0) -> Mapping[str, DoctorFinding]:
    with trio.fail_after(60):
        found = await look_at_backends(_examination(config_of(*backends), wait_seconds=wait_seconds))
    return {each.about: each for each in found}


async def test_each_backend_that_is_not_ready_is_told_with_what_to_do() -> None:
    found = await _told(
        stdio("well", "-m", "tests.servers.both", "stdio"),
        stdio("variable", "-c", "import sys; sys.exit('GITHUB_TOKEN is required')"),
        stdio("silent", "-c", "import time; time.sleep(600)", timeouts=Timeouts(connect=1.0)),
        stdio("talks", "-c", "print('hi', flush=True); import time; time.sleep(600)", timeouts=Timeouts(connect=1.0)),
        HttpBackend(name="away", url="http://127.0.0.1:9/mcp"),
    )
    assert set(found) == {"variable", "silent", "talks", "away"}
    assert "it wants the variable GITHUB_TOKEN" in found["variable"].what
    assert "backends.silent.timeouts.connect" in found["silent"].advice
    assert "prints text that is no MCP on its stdout: hi" in found["talks"].what
    assert "nothing listens at port 9" in found["away"].what


async def test_one_that_needs_longer_than_is_waited_is_a_warning() -> None:
    found = await _told(stdio("slow", "-c", "import time; time.sleep(600)"), wait_seconds=0.5)
    assert found["slow"].severity == "warning"


async def test_without_a_start_nothing_is_started_and_nothing_is_told() -> None:
    assert list(await look_at_backends(_examination(config_of(stdio("it")), start=None))) == []


async def test_a_gateway_that_runs_the_file_and_refuses_to_tell_is_told_with_the_way_to_a_token() -> None:
    running = RunningGateway(
        pid=7, file=Path("/nonexistent/config.yaml"), why_silent="who asks is not known (401)", refuses=True
    )
    examination = _examination(config_of(stdio("it")), running=RunningGateways(gateways=(running,)))
    (found,) = await look_at_backends(examination)
    assert "(pid 7) runs this file and does not say how its backends stand: who asks is not known (401)" in found.what
    assert "--token-file" in found.advice


async def test_a_gateway_that_hangs_is_told_to_be_ended_and_not_to_want_a_token() -> None:
    running = RunningGateway(pid=7, file=Path("/nonexistent/config.yaml"), why_silent="it did not answer in time")
    examination = _examination(config_of(stdio("it")), running=RunningGateways(gateways=(running,)))
    (found,) = await look_at_backends(examination)
    assert "kill 7, or kill -9 7 if it stays" in found.advice
    assert "token" not in found.advice
