"""The configuration of a real process is edited as people and their tools do, while it serves."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.e2e import gateway
from tests.e2e.child import MARK
from tests.e2e.gateway import STOP_SECONDS, Gateway, Json, as_event, running
from tests.e2e.raw import LEGACY, Raw

ENDS = ("reloaded", "reload_changed_nothing", "reload_refused")
BURST = 50


def text(*hosts: str, **server: object) -> str:
    """A configuration that lets these hosts in."""
    settings = {"drain_timeout": 2, "allowed_hosts": hosts, **server}
    return json.dumps({"version": "1", "server": settings, "backends": {}}, indent=2)


def bare(folder: Path, **more: object) -> Json:
    return {"server": more, "backends": {}}


def replace(path: Path, content: str) -> None:
    """As an editor does."""
    new = path.with_name(".config.yaml.swp")
    new.write_text(content)
    new.replace(path)


def ended(argus: Gateway, count: int) -> list[Json]:
    """The ends of the first `count` reloads, waited for."""
    found: list[Json] = []

    def take(line: str) -> bool | None:
        event = as_event(line)
        if event.get("event") in ENDS:
            found.append(event)
        return True if len(found) == count else None

    argus.child.wait_for(take)
    return found


def lets_in(argus: Gateway, host: str) -> bool:
    return argus.get("/manage/v1/backends", Host=host)[0] == 200


def post(argus: Gateway, **headers: str) -> tuple[int, Json]:
    request = urllib.request.Request(argus.url + "/manage/v1/reload", method="POST", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def test_a_file_that_is_replaced_takes_effect(tmp_path: Path) -> None:
    with running(bare(tmp_path), tmp_path) as argus:
        assert not lets_in(argus, "a.example")
        replace(tmp_path / "config.yaml", text("a.example"))
        assert [each["event"] for each in ended(argus, 1)] == ["reloaded"]
        assert lets_in(argus, "a.example")
        assert argus.get("/manage/v1/reload")[1]["triggers"] == ["file"]


def test_a_file_that_is_written_in_two_halves_ends_as_the_whole(tmp_path: Path) -> None:
    whole = text("a.example")
    with running(bare(tmp_path), tmp_path) as argus:
        with (tmp_path / "config.yaml").open("w") as stream:
            stream.write(whole[: len(whole) // 2])
            stream.flush()
            assert ended(argus, 1)[0]["event"] == "reload_refused"
            stream.write(whole[len(whole) // 2 :])
        assert ended(argus, 2)[1]["event"] == "reloaded"
        assert lets_in(argus, "a.example")


def test_a_mounted_folder_that_is_swapped_takes_effect(tmp_path: Path) -> None:
    (tmp_path / "..1").mkdir()
    (tmp_path / "..2").mkdir()
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "config.yaml").symlink_to("..data/config.yaml")
    with running(bare(tmp_path), tmp_path) as argus:
        for version, host in (("..2", "two.example"), ("..3", "three.example")):
            (tmp_path / version).mkdir(exist_ok=True)
            (tmp_path / version / "config.yaml").write_text(text(host))
            (tmp_path / "..new").symlink_to(version)
            (tmp_path / "..new").rename(tmp_path / "..data")
            ended(argus, 1 if version == "..2" else 2)
            assert lets_in(argus, host)


def test_sighup_reloads_what_is_not_watched(tmp_path: Path) -> None:
    with running(bare(tmp_path, watch=False), tmp_path) as argus:
        (tmp_path / "config.yaml").write_text(text("a.example", watch=False))
        argus.child.signal(signal.SIGHUP)
        assert ended(argus, 1)[0]["event"] == "reloaded"
        assert lets_in(argus, "a.example")
        assert argus.get("/manage/v1/reload")[1]["triggers"] == ["signal"]
        threads = len(list(Path(f"/proc/{argus.child.pid}/task").iterdir()))
        (tmp_path / "config.yaml").write_text(text("a.example"))
        argus.child.signal(signal.SIGHUP)
        ended(argus, 2)
        (tmp_path / "config.yaml").write_text(text("b.example"))
        ended(argus, 3)
        assert lets_in(argus, "b.example")
        assert len(list(Path(f"/proc/{argus.child.pid}/task").iterdir())) <= threads + 3


def test_a_post_answers_after_the_reload_and_names_what_needs_a_restart(tmp_path: Path) -> None:
    with running(bare(tmp_path, watch=False), tmp_path) as argus:
        host = "127.0.0.2"
        (tmp_path / "config.yaml").write_text(text("a.example", watch=False, host=host))
        status, report = post(argus)
        assert (status, report["reloaded"], report["needs_restart"]) == (200, True, ["server.host"])
        assert lets_in(argus, "a.example")
        status, report = post(argus)
        assert (status, report["unchanged"]) == (200, True)
        assert post(argus, Origin="https://evil.example")[0] == 403


def test_a_broken_file_keeps_what_runs_and_tells_every_problem(tmp_path: Path) -> None:
    with running(bare(tmp_path, allowed_hosts=["a.example"]), tmp_path) as argus:
        replace(tmp_path / "config.yaml", "version: '1'\nserver: {port: nine}\nbackends: {a: {type: stdio}}\n")
        assert ended(argus, 1)[0]["event"] == "reload_refused"
        assert lets_in(argus, "a.example")
        assert {each["path"] for each in argus.events("config_problem")} == {"server.port", "backends.a.command"}
        last = argus.get("/manage/v1/reload")[1]
        assert last["reloaded"] is False
        status, report = post(argus)
        assert status == 422
        assert [each["line"] for each in report["problems"]] == [2, 3]
        assert report["problems"] == last["problems"]


def test_a_burst_of_writes_is_one_reload_or_two(tmp_path: Path) -> None:
    with running(bare(tmp_path), tmp_path) as argus:
        for number in range(BURST):
            (tmp_path / "config.yaml").write_text(text(f"h{number}.example"))
            time.sleep(0.01)  # as a tool that writes again and again
        while not lets_in(argus, f"h{BURST - 1}.example"):
            ended(argus, len(argus.events("reloaded")) + 1)
        assert len(argus.events("reloading")) <= 2


def test_a_vanished_file_is_no_reload_until_it_is_back(tmp_path: Path) -> None:
    with running(bare(tmp_path), tmp_path) as argus:
        (tmp_path / "config.yaml").unlink()
        argus.event("config_file_missing", path=str(tmp_path / "config.yaml"))
        assert argus.events("reloading") == []
        (tmp_path / "config.yaml").write_text(text("a.example"))
        ended(argus, 1)
        assert lets_in(argus, "a.example")


def test_a_secret_that_is_rotated_is_a_reload_and_never_shown(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("hush-old-7f3a9c")
    echo = gateway.stdio("echo.py", env={"TOKEN": "${file:token}"})
    with running({"backends": {"echo": echo}}, tmp_path) as argus:
        client = Raw(argus.url, LEGACY)
        replace(token, "hush-new-7f3a9c")
        assert ended(argus, 1)[0]["event"] == "reloaded"
        assert post(argus)[1]["unchanged"] is True
        assert client.call("echo__echo", text="still here")
        assert "hush-" not in "\n".join(argus.child.lines())


def test_a_stop_during_a_reload_is_prompt(tmp_path: Path) -> None:
    slow = gateway.stdio("moody.py", "slow", "--seconds", "60", timeouts={"connect": 60})
    with running(bare(tmp_path, watch=False), tmp_path) as argus:
        settings = {"drain_timeout": 2, "watch": False}
        env = {**slow.get("env", {}), MARK: argus.mark}
        config = {"version": "1", "server": settings, "backends": {"slow": {**slow, "env": env}}}
        (tmp_path / "config.yaml").write_text(json.dumps(config))
        os.kill(argus.child.pid, signal.SIGHUP)
        argus.event("reloading")
        assert argus.stop(within=STOP_SECONDS) == 0


def test_hangups_during_the_stop_end_nothing_early(tmp_path: Path) -> None:
    with running({"backends": {"echo": gateway.stdio("echo.py")}}, tmp_path) as argus:
        argus.child.signal(signal.SIGTERM)
        argus.event("stopping")
        while argus.child.process.poll() is None:
            argus.child.signal(signal.SIGHUP)
            time.sleep(0.001)  # often: some come late, when all has ended but the process
        assert argus.child.wait(STOP_SECONDS) == 0


def test_what_is_added_is_listed_while_another_new_backend_takes_long_to_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running({"server": {"drain_timeout": 2}, "backends": {}}, tmp_path) as argus:
        client = Raw(argus.url, LEGACY)
        backends = {
            "quick": gateway.stdio("echo.py"),
            "slow": gateway.stdio("moody.py", "slow", "--seconds", "30", timeouts={"connect": 60}),
        }
        began = time.monotonic()
        gateway.written({"server": {"drain_timeout": 2}, "backends": backends}, tmp_path, argus.mark)
        while "quick__echo" not in {tool["name"] for tool in client.result("tools/list")["tools"]}:
            time.sleep(0.02)
        seconds = time.monotonic() - began
        with capsys.disabled():
            print(f"\na quick new backend is listed after {seconds:.2f} s, beside one that needs 30 s")
        assert seconds < 15
        report = argus.get("/manage/v1/reload")[1]
        assert report["backends_added"] == ["quick", "slow"]
        assert "slow" in report["still_starting"]
        assert argus.get("/manage/v1/ready")[0] == 200
