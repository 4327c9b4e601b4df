"""A stdio MCP server that behaves as badly as its traits say, all at once: `unruly.py MARK TRAIT…`.

MARK is for finding its processes, in whose arguments it stands even where their environment is empty. Standard library
only, to start fast; nothing of it lives longer than `LIFE_S`, whatever the one who started it does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NoReturn

Json = dict[str, object]

HELD = "ARGUS_TEST_HELD"
"""The variable with the path of a pipe that each of its processes is to hold open, all that it forks included."""
LIFE_S = 90
SWARM = 50
SPAWN_S = 0.02
FLOOD = b"the disk is full, and nobody reads this\n" * 4096


def stay() -> NoReturn:
    time.sleep(LIFE_S)
    os._exit(0)


def deaf() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def detached() -> None:
    """Daemons that left parent, group and session, every second one deaf, every third one without our pipes."""
    for number in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                if number % 2:
                    deaf()
                if number == 0:
                    os.closerange(0, 3)
                stay()
            os._exit(0)
        os.wait()


def bare() -> None:
    """A daemon with an empty environment, in our session."""
    subprocess.Popen([sys.executable, "-I", "-S", __file__, sys.argv[1], "sleeps"], env={}, stdin=subprocess.DEVNULL)


def spawner() -> None:
    """A daemon that steadily starts others, which stay, and are each in a session of its own now and then."""
    if os.fork() == 0:
        os.setsid()
        for number in range(SWARM):
            if os.fork() == 0:
                if number % 3 == 0:
                    os.setsid()
                stay()
            time.sleep(SPAWN_S)
        stay()


def swarm() -> None:
    """Many at once, deaf, in one group."""
    if os.fork() == 0:
        os.setsid()
        deaf()
        for _ in range(SWARM):
            if os.fork() == 0:
                stay()
        stay()


def comet() -> None:
    """One process after the other, each gone as soon as it has started the next: never where one looked for it."""
    if os.fork() == 0:
        os.setsid()
        deaf()
        began = time.monotonic()
        while time.monotonic() - began < LIFE_S / 3:
            if os.fork():
                os._exit(0)
            time.sleep(0.001)  # not to take a whole core
        os._exit(0)


def flood() -> None:
    for _ in range(2):
        os.write(2, FLOOD)


AT_START: dict[str, Callable[[], None]] = {
    "deaf": deaf,
    "detached": detached,
    "bare": bare,
    "spawner": spawner,
    "swarm": swarm,
    "comet": comet,
    "flood": flood,
}
"""What it has done before it reads anything; any of these go together."""


def write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def answer(request: Json, result: Json) -> None:
    write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode() + b"\n")


def crashes(_: Json) -> None:
    os.write(2, b"Traceback (most recent call last):\n")
    os._exit(7)


def crashes_in_a_line(_: Json) -> None:
    write(b'{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"te')
    os.kill(os.getpid(), signal.SIGSEGV)


def closes(_: Json) -> None:
    """Closes its pipes and stays."""
    os.closerange(0, 3)
    stay()


def stops(_: Json) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def kills_parent(_: Json) -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.2)


def is_silent(_: Json) -> None:
    return


def answers(request: Json) -> None:
    answer(request, {"content": [{"type": "text", "text": "went"}]})


ON_CALL: dict[str, Callable[[Json], None]] = {
    "answers": answers,
    "silent": is_silent,
    "crashes": crashes,
    "crashes-in-a-line": crashes_in_a_line,
    "closes": closes,
    "stops": stops,
    "kills-parent": kills_parent,
}
"""What it does when its tool is called; the first of these among its traits counts."""


def handle(message: Json, traits: list[str]) -> None:
    match message["method"]:
        case "initialize" if "mute" in traits:
            return
        case "initialize":
            info = {"name": "unruly", "version": "1"}
            answer(message, {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info})
        case "tools/list":
            answer(message, {"tools": [{"name": "go", "inputSchema": {"type": "object"}}]})
        case "tools/call":
            next((ON_CALL[trait] for trait in traits if trait in ON_CALL), answers)(message)
        case _:
            answer(message, {})


def main(traits: list[str]) -> None:
    if path := os.environ.get(HELD):
        os.open(path, os.O_WRONLY)
    if "sleeps" in traits:
        stay()
    if "crashes-at-once" in traits:
        crashes({})
    for trait in traits:
        AT_START.get(trait, lambda: None)()
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message and "method" in message:
            handle(message, traits)
    if "stays" in traits:
        stay()


if __name__ == "__main__":
    main(sys.argv[2:])
