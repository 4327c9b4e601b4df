"""The dashboard as an operator has it: in a real terminal, by keys alone, before a real gateway and real backends."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.gateway import Gateway, Json, running, stdio
from tests.e2e.ports import free_port
from tests.e2e.terminals import Terminal, terminal

PROMPT = "shell>"


def config() -> Json:
    return {
        "isolation": "off",
        "server": {"watch": False},
        "backends": {"desk": stdio("desk.py"), "probe": stdio("probe_server.py")},
    }


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, {}) as found:
        found.until(PROMPT)
        yield found


def start(shell: Terminal, url: str, *more: str) -> None:
    shell.type(" ".join((sys.executable, "-m", "argus_trio", "tui", "--server", url, *more)) + "; echo left with $?")
    shell.press("Enter")
    shell.until("[1 Overview]", "live")


def quit_dashboard(shell: Terminal, before: str) -> None:
    """Leave it, and find the terminal as it was."""
    shell.press("q")
    shell.until("\nleft with 0")
    assert shell.modes() == before


def test_a_tool_is_found_filled_in_called_and_answered_by_keys_alone(tmp_path: Path, shell: Terminal) -> None:
    before = shell.modes()
    with running(config(), tmp_path) as gateway:
        start(shell, gateway.url)
        find_the_tool(shell)
        fill_the_form(shell)
        answer_what_it_asks(shell)
        see_it_in_the_traffic(shell)
        see_what_a_reload_changes(shell, tmp_path)
        quit_dashboard(shell, before)


def find_the_tool(shell: Terminal) -> None:
    shell.press("2")
    shell.until("[2 Tools]", "desk__order")
    shell.press("/")
    shell.type("to an addr")  # which only its description says
    shell.until("/to an addr", "desk__order")
    shell.press("Enter")
    shell.until("▸ customer*", "payment*", "lines*")


def fill_the_form(shell: Terminal) -> None:
    """An address behind a `$ref`, the second way of a `oneOf`, and a list within a list."""
    shell.type("Ann")
    shell.press("Tab", "Tab")
    shell.type("Long Lane")
    shell.press("Tab", "Space")
    shell.until("DE")
    shell.press("Tab", "Space")
    shell.until('kind "invoice"')
    shell.press("Tab", "Tab")
    shell.type("30")
    shell.press("Tab", "Tab", "Tab")
    shell.type("pen")
    shell.press("Tab")
    shell.type("2")
    shell.press("Tab", "Space", "Tab", "Enter")
    shell.until("tags                 ▾ 1 item")
    shell.type("red")
    shell.until("red")
    shell.press("F5")


def answer_what_it_asks(shell: Terminal) -> None:
    shell.until("asks for an answer", "1 ask")
    shell.press("a")
    shell.until("Order it?", "sure*")
    shell.press("Space")
    shell.until("true")
    shell.press("F5")
    seen = shell.until("✓ done", 'customer: "Ann"', 'action: "accept"')
    for said in ('street: "Long Lane"', 'country: "DE"', 'kind: "invoice"', "days: 30"):
        assert said in seen


def see_it_in_the_traffic(shell: Terminal) -> None:
    shell.press("3")
    shell.until("[3 Traffic]")
    shell.press("Tab")
    shell.until("desk__order", "argus-trio", "its client, once")


def see_what_a_reload_changes(shell: Terminal, folder: Path) -> None:
    path = folder / "config.yaml"
    said = json.loads(path.read_text())
    said["backends"]["late"] = said["backends"].pop("probe")
    path.write_text(json.dumps(said))
    shell.press("4")
    shell.until("[4 Configuration]", "version")
    shell.press("r")
    shell.until("Read the configuration file again?")
    shell.press("y")
    shell.until("+ late", "- probe")
    shell.press("1")
    shell.until("late", "ready", without=("probe ",))


def test_a_gateway_that_is_gone_is_missed_and_taken_up_again_when_it_is_back(tmp_path: Path, shell: Terminal) -> None:
    before, fixed = shell.modes(), ("--port", str(free_port()))
    with running(config(), tmp_path, arguments=fixed) as gateway:
        start(shell, gateway.url)
        shell.until("● live", "desk")
        gateway.child.signal(signal.SIGKILL)
        shell.until("desk", without=("● live",))
    with running(config(), tmp_path, arguments=fixed):
        shell.until("● live", "desk", "ready")
        quit_dashboard(shell, before)


@pytest.mark.parametrize("way", ["TERM", "HUP", "INT"])
def test_a_signal_leaves_the_terminal_as_it_was(tmp_path: Path, shell: Terminal, way: str) -> None:
    before = shell.modes()
    with running(config(), tmp_path) as gateway:
        start_and_kill(shell, gateway, way)
        shell.until("\nleft with ")
        assert shell.modes() == before


def start_and_kill(shell: Terminal, gateway: Gateway, way: str) -> None:
    """Start it, and send it a signal once it shows something; its shell tells its process id."""
    shell.type("sh -c 'echo $$ > pid; exec \"$@\"' sh ")
    start(shell, gateway.url)
    shell.tmux("run-shell", f"kill -{way} $(cat '{shell.folder}/pid')")
