"""The verbs against a real gateway, at a terminal as a user drives them and in pipes as scripts do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.user import at_a_terminal
from tests.e2e import gateway
from tests.e2e.child import ROOT
from tests.e2e.gateway import Gateway, Json

LIMIT_SECONDS = 30.0


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("verbs")
    arguments = ["-m", "tests.servers.featured", "stdio", "--name", "asker", "--journal", str(folder)]
    asker: Json = {"type": "stdio", "command": sys.executable, "args": arguments, "env": {"PYTHONPATH": str(ROOT)}}
    config: Json = {
        "server": {"management": {"token": "the-token"}},
        "backends": {"asker": asker, "echo": gateway.stdio("echo.py", filters={"tools": {"deny": ["fail"]}})},
        "conflict_resolution": {"strategy": "prefix", "separator": "_"},
    }
    with gateway.running(config, folder) as running:
        yield running


def environment(argus: Gateway, token: str = "the-token") -> dict[str, str]:
    return {"ARGUS_URL": f"{argus.url}/mcp", "ARGUS_TOKEN": token, "PYTHONPATH": str(ROOT)}


def ran(argus: Gateway, *words: str, token: str = "the-token") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "argus_trio", *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
        env={**os.environ, **environment(argus, token)},
    )


def test_an_interactive_tool_is_run_at_a_terminal(argus: Gateway) -> None:
    with at_a_terminal("call", "asker_ask_rounds", env=environment(argus)) as user:
        user.sees("the tool asker_ask_rounds asks: Who?")
        user.answers("(answer): ", "")
        user.answers("name: ", "Ada")
        user.answers("(send): ", "")
        user.sees("asks: And who else?")
        user.answers("(answer): ", "")
        user.answers("name: ", "Grace")
        user.answers("(send): ", "")
        assert user.ends() == 0
    assert "'name': 'Ada'" in user.text
    assert "'name': 'Grace'" in user.text


def test_ctrl_c_cancels_a_call_at_its_backend(argus: Gateway) -> None:
    with at_a_terminal("call", "asker_count_slowly", "upto=200", env=environment(argus)) as user:
        user.sees("/200")
        user.types("\x03")
        assert user.ends() == 130
    for _ in range(100):
        if json.loads(ran(argus, "exchanges", "--json").stdout)["exchanges"] == []:
            return
    pytest.fail("the call is still under way")


def test_a_script_calls_tools_with_arguments_of_their_schemas(argus: Gateway) -> None:
    done = ran(argus, "call", "asker_add", "a:=1", "b:=2", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["structuredContent"] == {"total": 3, "server": "asker"}
    done = ran(argus, "call", "asker_fail")
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1]) == (5, "", "on purpose")
    assert ran(argus, "call", "asker_ask_form").returncode in (1, 5)
    assert ran(argus, "call", "nothing").returncode == 1


def test_what_there_is_is_shown(argus: Gateway) -> None:
    assert "2 of 2 connected" in ran(argus, "status").stdout
    lines = [line.split() for line in ran(argus, "backends").stdout.splitlines()]
    assert [line[:2] for line in lines[1:]] == [["asker", "ready"], ["echo", "ready"]]
    assert ran(argus, "backends", "echo").stdout.startswith("name: echo\n")
    assert "echo_echo" in ran(argus, "tools", "echo_*").stdout
    assert "filter" in ran(argus, "tools", "--all", "fail").stdout
    config = ran(argus, "config").stdout
    assert "the-token" not in config
    assert ran(argus, "sessions").returncode == 0
    assert ran(argus, "log-level").stdout == "info\n"
    assert ran(argus, "logs", "echo").returncode == 0


def test_who_is_not_let_in_is_told(argus: Gateway) -> None:
    done = ran(argus, "status", token="another")
    assert (done.returncode, done.stdout) == (4, "")
    assert "$ARGUS_TOKEN" in done.stderr


def test_backends_are_changed_and_the_events_tell_who_did_it(argus: Gateway) -> None:
    assert ran(argus, "disable", "echo").stdout == "echo: now disabled\n"
    assert "disable by operator" in ran(argus, "backends").stdout
    assert ran(argus, "enable", "echo").returncode == 0
    assert ran(argus, "restart", "echo").returncode == 0
    assert ran(argus, "reload").stdout.startswith("nothing has changed")
    assert ran(argus, "config", "validate").stdout.startswith("no problems, 2 backends")
    assert "echo" in ran(argus, "events", "--backend", "echo").stdout
    assert ran(argus, "restart", "none").returncode == 1


def test_events_go_on_at_a_gateway_that_is_started_anew(tmp_path: Path) -> None:
    config: Json = {"backends": {"echo": gateway.stdio("echo.py")}}
    with gateway.running(config, tmp_path) as first:
        port = first.url.rpartition(":")[2]
        with at_a_terminal("events", "-f", "-n", "1", env={"ARGUS_URL": first.url}) as user:
            user.sees("echo")
            assert ran(first, "shutdown", "--timeout", "0").returncode == 0
            assert first.child.wait(LIMIT_SECONDS) == 0
            user.sees("the gateway has gone")
            with gateway.running(config, tmp_path, arguments=("--port", port)):
                user.sees("the gateway is there again")
                user.sees("the gateway was started anew")
                user.types("\x03")
                assert user.ends() == 130


def test_the_socket_of_a_gateway_is_found(tmp_path: Path) -> None:
    config: Json = {"server": {"management": {"socket": "auto"}}, "backends": {"echo": gateway.stdio("echo.py")}}
    own = {"XDG_RUNTIME_DIR": str(tmp_path)}
    outside = {name: value for name, value in os.environ.items() if name not in ("RUNTIME_DIRECTORY", "ARGUS_URL")}
    with gateway.running(config, tmp_path, env=own):
        done = subprocess.run(
            [sys.executable, "-m", "argus_trio", "status"],
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
            env={**outside, **own, "PYTHONPATH": str(ROOT)},
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"unix:{tmp_path}/argus-trio/argus-trio" in done.stdout
