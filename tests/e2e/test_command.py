"""The command line as a user meets it: check, schema, version, demo, and a door that stays shut."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from argus_trio import __version__
from tests.e2e import gateway
from tests.e2e.child import MARK, ROOT, Child, left_after
from tests.e2e.clients import EDGES, Edge, connected
from tests.e2e.gateway import STOP_SECONDS, Json

LIMIT_SECONDS = 60.0


def run_argus(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "argus_trio", *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": str(cwd / "none")}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )


def test_the_version_is_printed() -> None:
    done = run_argus("--version")
    assert (done.returncode, done.stdout) == (0, f"argus-trio {__version__}\n")


def test_the_schema_is_a_json_schema() -> None:
    done = run_argus("schema")
    assert done.returncode == 0
    assert "backends" in json.loads(done.stdout)["properties"]


def test_check_accepts_what_serve_takes(tmp_path: Path) -> None:
    path = gateway.written({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path, "checked")
    done = run_argus("check", "-c", path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_warning_is_told_by_check_and_does_not_fail_it(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("backends:\n  a: {type: stdio, command: no-such-program}\n")
    done = run_argus("check", "-c", path)
    assert (done.returncode, done.stderr) == (0, "")
    summary, warning, isolation = done.stdout.splitlines()
    assert summary == f"{path}: no problems, 1 backend, 1 warning"
    assert warning.startswith("  backends.a.command (line 2): there is no such program in PATH; ")
    assert isolation.startswith("isolation: 1 bare (")


def test_a_warning_is_logged_once_by_serve_and_a_new_one_by_a_reload(tmp_path: Path) -> None:
    config: Json = {"backends": {"a": {"type": "stdio", "command": "no-such-program"}}}
    with gateway.running(config, tmp_path, ready=()) as running:
        running.event("config_warning", path="backends.a.command")
        config["backends"]["b"] = {"type": "stdio", "command": "/no/such/program"}
        gateway.written(config, tmp_path, running.mark)
        assert running.event("config_warning", path="backends.b.command")["message"] == "there is no such file"
        running.event("reloaded")
        told = [event["path"] for event in running.events("config_warning")]
        # The test's own environment may hold variables that are told of as well.
        assert [path for path in told if path != "backends"] == ["backends.a.command", "backends.b.command"]
        assert len(told) == len(set(told))


def signals_caught(child: Child) -> set[int]:
    """The signals that a process has handlers for."""
    (line,) = (line for line in Path(f"/proc/{child.pid}/status").read_text().splitlines() if line.startswith("SigCgt"))
    mask = int(line.split()[1], 16)
    return {number for number in range(1, 65) if mask >> (number - 1) & 1}


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.2, 0.3, 0.4, 0.6])
def test_a_hangup_while_it_starts_harms_nothing(tmp_path: Path, seconds: float) -> None:
    path = gateway.written({"backends": {}}, tmp_path, "early")
    with Child([sys.executable, "-m", "argus_trio", "serve", "-c", path, "--port", "0"]) as child:
        while signal.SIGHUP not in signals_caught(child):
            assert child.process.poll() is None
        time.sleep(seconds)  # what is being loaded then has no event
        child.signal(signal.SIGHUP)
        child.wait_for(lambda line: "listening" in line or None)
        child.signal(signal.SIGTERM)
        assert child.wait(STOP_SECONDS) == 0


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.2, 0.3, 0.4, 0.6])
def test_an_interrupt_while_it_starts_ends_it_without_a_traceback(tmp_path: Path, seconds: float) -> None:
    path = gateway.written({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path, "interrupted")
    with Child([sys.executable, "-m", "argus_trio", "serve", "-c", path, "--port", "0"]) as child:
        while signal.SIGHUP not in signals_caught(child):
            assert child.process.poll() is None
        time.sleep(seconds)  # what is being loaded then has no event
        child.signal(signal.SIGINT)
        assert child.wait(STOP_SECONDS) in (0, -signal.SIGINT)
        assert "Traceback" not in "\n".join(child.lines())
    assert not left_after(2.0, "interrupted")


@pytest.mark.parametrize("command", ["check", "serve"])
def test_every_problem_is_told_at_once(tmp_path: Path, command: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "version: '1'\nserver: {prot: 1}\nbackends: {a: {type: stdio}, b: {type: sse, url: '${NO_SUCH}'}}\n"
    )
    done = run_argus(command, "-c", path)
    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert "server.prot" in told
    assert "port" in told  # did you mean
    assert "backends.a.command" in told
    assert "NO_SUCH" in told
    assert "Traceback" not in told


def test_no_configuration_at_all_is_told_with_the_places_that_were_searched(tmp_path: Path) -> None:
    done = run_argus("check", cwd=tmp_path)
    assert done.returncode == 1
    assert "config.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_refuses_to_listen_beyond_loopback_without_being_told_so(tmp_path: Path) -> None:
    path = gateway.written({"backends": {}}, tmp_path, "open")
    done = run_argus("serve", "-c", path, "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 1
    assert "allow_unauthenticated" in done.stderr


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """A running demo: its address, and the mark of its processes."""
    mark = f"demonstration-{os.getpid()}"
    with Child([sys.executable, "-m", "argus_trio", "demo", "--port", "0"], env={MARK: mark}) as child:
        match = child.wait_for(lambda line: re.search(r"http://127\.0\.0\.1:\d+", line))
        yield match.group()
        child.signal(signal.SIGINT)
        assert child.wait(STOP_SECONDS) == 0, child.lines()
        assert not left_after(2, mark)


@pytest.mark.parametrize("edge", EDGES)
async def test_the_demo_serves_both_samples(demo: str, edge: Edge) -> None:
    async with connected(edge, demo) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert {"clock__now", "notes__add_note"} <= tools
        days = await client.call_tool("clock__days_between", {"start": "2026-07-01", "end": "2026-07-28"})
        assert days.structured_content == {"result": 27}
        added = await client.call_tool("notes__add_note", {"title": "Seen", "text": f"by {edge}"})
        assert added.structured_content is not None
        read = await client.read_resource(added.structured_content["uri"])
        assert f"by {edge}" in str(read.contents)


@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        ({"Host": "evil.example"}, {421, 403}),
        ({"Origin": "https://evil.example"}, {403}),
        ({"Origin": "null"}, {403}),
        ({"Origin": "http://localhost:3000"}, {200}),
        ({}, {200}),
    ],
)
@pytest.mark.parametrize("path", ["/mcp", "/manage/v1/backends"])
def test_a_wrong_host_or_origin_is_refused(
    argus: gateway.Gateway, path: str, headers: dict[str, str], statuses: set[int]
) -> None:
    status = argus.get(path, **headers)[0]
    is_another_port = headers.get("Origin") == "http://localhost:3000"  # which may call tools, and manage nothing
    here = {403} if is_another_port else statuses
    assert status in ({405, 406, 400} if path == "/mcp" and 200 in statuses else here)


def test_the_log_names_the_key_that_would_let_a_refused_host_in(argus: gateway.Gateway) -> None:
    argus.get("/mcp", Host="elsewhere.example")
    argus.child.wait_for(lambda line: line if "allowed_hosts" in line and "elsewhere.example" in line else None)


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gateway.Gateway]:
    config: Json = {"backends": {"echo": gateway.stdio("echo.py")}}
    with gateway.running(config, tmp_path_factory.mktemp("door")) as running:
        yield running
