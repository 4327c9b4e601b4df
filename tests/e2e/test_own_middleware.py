"""The example of conf/ in front of a real server: arguments are filled in, results changed, and its state is kept."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e.child import ROOT
from tests.e2e.gateway import Json, running, stdio, written
from tests.e2e.raw import LEGACY, MODERN, Raw

OWN = yaml.safe_load((ROOT / "conf" / "own.yaml").read_text())["middleware"][0]


def config(**options: object) -> Json:
    middleware = {"use": OWN["use"], "options": {"arguments": {"text": "Europe"}, "hide": OWN["options"]["hide"]}}
    middleware["options"].update(options)
    return {"backends": {"echo": stdio("echo.py")}, "middleware": [middleware]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "conf" / "own_middleware.py", tmp_path)
    return tmp_path


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_it_fills_in_arguments_hides_a_word_and_refuses(folder: Path, revision: str) -> None:
    with running(config(most=3), folder) as argus:
        client = Raw(argus.url, revision)
        assert client.call("echo__echo")["content"][0]["text"] == "******"
        assert client.call("echo__echo", text="Asia")["content"][0]["text"] == "Asia"
        (folder / "config.yaml").touch()
        argus.child.signal(signal.SIGHUP)
        argus.event("reload_changed_nothing")
        assert client.call("echo__echo", text="Asia")["content"][0]["text"] == "Asia"
        error = client.error("tools/call", name="echo__echo", arguments={})
        assert (error["code"], error["message"]) == (-31018, "3 calls were made already")


def test_its_state_is_kept_by_reloads_and_a_broken_edit_changes_nothing(folder: Path) -> None:
    with running(config(), folder) as argus:
        client = Raw(argus.url, LEGACY)
        client.call("echo__echo")
        written({**config(), "server": {"max_body_bytes": 100_000}}, folder, argus.mark)
        argus.event("reloaded")
        client.call("echo__echo")
        own = folder / "own_middleware.py"
        text = own.read_text()
        own.write_text(text + "\n1 / 0\n")
        written({**config(), "server": {"max_body_bytes": 200_000}}, folder, argus.mark)
        problem = argus.event("config_problem")
        assert problem["path"] == "middleware[0].use"
        assert "ZeroDivisionError" in problem["message"]
        assert client.call("echo__echo")["content"][0]["text"] == "******"
        own.write_text(text)
    assert [event["calls"] for event in argus.events("fill_in_ends")] == [3]
    assert len(argus.events("fill_in_begins")) == 1


def test_an_edit_of_its_file_alone_is_taken_up(folder: Path) -> None:
    with running(config(), folder) as argus:
        client = Raw(argus.url, LEGACY)
        assert client.call("echo__echo", text="Asia")["content"][0]["text"] == "Asia"
        own = folder / "own_middleware.py"
        own.write_text(own.read_text().replace('b"*" * len(self.hide)', 'b"hidden"'))
        argus.event("reloaded")
        assert client.call("echo__echo")["content"][0]["text"] == "hidden"
        argus.event("fill_in_ends")


def test_check_says_what_cannot_be_imported(folder: Path) -> None:
    path = written({**config(strat=1)}, folder, "mark")
    done = subprocess.run(
        [sys.executable, "-m", "argus_trio", "check", "-c", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "middleware[0].options" in done.stderr + done.stdout
