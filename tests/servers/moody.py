"""A stdio MCP server that misbehaves in one way, its mood; apart from that it has one tool, `go`.

Standard library only. What behaves is in echo.py.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

LAST_WORDS = ("the disk is on fire", "giving up")
DESCENDANTS = 3
writing = threading.Lock()
"""A flood comes from a thread of its own."""


def send(message: Json) -> None:
    with writing:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def answer(request: Json, result: Json) -> None:
    send({"jsonrpc": "2.0", "id": request["id"], "result": result})


def say(request: Json, words: str) -> None:
    answer(request, {"content": [{"type": "text", "text": words}]})


def leave(status: int) -> None:
    print(*LAST_WORDS, sep="\n", file=sys.stderr, flush=True)
    os._exit(status)


def detach() -> int:
    """Start a process that left our group and session, whose parent is gone, and that ignores polite signals."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if grandchild := os.fork():
            os.write(writing, str(grandchild).encode())
            os._exit(0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for descriptor in range(3):
            os.close(descriptor)
        while True:
            time.sleep(60)
    os.wait()
    return int(os.read(reading, 32))


def go_dying(_: Json) -> None:
    leave(7)


def go_talking_nonsense(request: Json) -> None:
    print("Traceback, or what looks like one\n{not json\n[]\n{}\n\x00\x01", flush=True)
    say(request, "after all")


def go_answering_nothing_valid(request: Json) -> None:
    send({"jsonrpc": "2.0", "id": request["id"]})


def go_spawning(request: Json) -> None:
    say(request, json.dumps([detach() for _ in range(DESCENDANTS)]))


def flood(seconds: float, pause: float) -> None:
    """Say that the tools have changed, log and complain on stderr, over and over."""
    end = time.monotonic() + seconds
    news = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    words = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x" * 100}}
    while time.monotonic() < end:
        for _ in range(10):
            send(news)
            send(words)
        sys.stderr.write("it is all too much\n" * 10)
        sys.stderr.flush()
        time.sleep(pause)


def go_flooding(request: Json) -> None:
    say(request, "now")
    arguments = request["params"]["arguments"]
    threading.Thread(target=flood, args=(arguments["seconds"], arguments["pause"]), daemon=True).start()


MUMBLED = {
    "nan": '{"jsonrpc":"2.0","id":ID,"result":{"content":[],"structuredContent":{"mean":NaN}}}',
    "nan-first": '{"jsonrpc":"2.0","result":{"content":[],"structuredContent":{"mean":NaN}},"id":ID}',
    "cut": '{"jsonrpc":"2.0","id":ID,"result":{"content":[{"type":"te',
    "nameless": '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error: I mumble"}}',
    "wordless": '{"jsonrpc":"2.0","id":ID,"error":{"code":"E_MUMBLE","message":null,"detail":"the disk is full"}}',
    "after-a-log": '[INFO] called{"jsonrpc":"2.0","id":ID,"result":RESULT}',
    "two-in-one": '{"jsonrpc":"2.0","method":"notifications/x"}{"jsonrpc":"2.0","id":ID,"result":RESULT}',
    "spelled": '\ufeff{"jsonrpc":"2.0","id":"ID","result":RESULT,"error":null}',
}
"""Answers that cannot be read, or only just, by what the argument `how` says."""
held: list[Json] = []


def go_mumbling(request: Json) -> None:
    went = json.dumps({"content": [{"type": "text", "text": "went"}]})
    line = MUMBLED[request["params"]["arguments"]["how"]].replace("ID", str(request["id"])).replace("RESULT", went)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def go_on_and_on(request: Json) -> None:
    """Answer with a text of as many characters as are asked for, and with it the calls before that asked for none."""
    length = request["params"]["arguments"].get("length")
    if length is None:
        held.append(request)
        return
    say(request, "x" * length)
    for earlier in held:
        say(earlier, "held")
    held.clear()


def go_silent(_: Json) -> None:
    pass


def go_asking(request: Json) -> None:
    question = {"message": "Well?", "requestedSchema": {"type": "object", "properties": {}}}
    send({"jsonrpc": "2.0", "id": f"about {request['id']}", "method": "elicitation/create", "params": question})


def go_deaf(_: Json) -> None:
    """Read nothing any more, end at nothing but KILL, and close nothing."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    print("deaf from here on", file=sys.stderr, flush=True)
    while True:
        time.sleep(60)


def go(request: Json) -> None:
    say(request, "went")


GO: dict[str, Callable[[Json], None]] = {
    "dies": go_dying,
    "nonsense": go_talking_nonsense,
    "invalid": go_answering_nothing_valid,
    "spawns": go_spawning,
    "hangs": go_silent,
    "asks": go_asking,
    "deaf": go_deaf,
    "floods": go_flooding,
    "mumbles": go_mumbling,
    "verbose": go_on_and_on,
}
BEFORE = ("refuses", "mute", "banner", "slow", "stubborn", "clings")


def start(mood: str, seconds: float) -> None:
    """What happens before the first message is read."""
    match mood:
        case "refuses":
            leave(3)
        case "banner":
            print("=" * 40, "  Welcome to Moody 1.0!", "=" * 40, "", sep="\n", flush=True)
        case "mute":
            while sys.stdin.readline():
                pass
            sys.exit()
        case "slow":
            time.sleep(seconds)
        case "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)


def handle(request: Json, mood: str) -> None:
    match request["method"]:
        case "initialize":
            answer(
                request,
                {
                    "protocolVersion": request["params"]["protocolVersion"],
                    "capabilities": {"tools": {}, **({"resources": {"subscribe": True}} if mood == "clings" else {})},
                    "serverInfo": {"name": "moody", "version": "1"},
                },
            )
        case "tools/list":
            answer(request, {"tools": [{"name": "go", "inputSchema": {"type": "object"}}]})
        case "resources/list" if mood == "clings":
            answer(request, {"resources": [{"uri": "moody://it", "name": "it"}]})
        case "resources/subscribe" if mood == "clings":
            answer(request, {})
        case "resources/unsubscribe" if mood == "clings":
            pass
        case "tools/call":
            GO.get(mood, go)(request)
        case _:
            send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": "Method not found"}})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mood", choices=[*BEFORE, *GO])
    parser.add_argument("--seconds", type=float, default=1.0, help="how slow `slow` is before it answers anything")
    options = parser.parse_args()
    start(options.mood, options.seconds)
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message and "method" in message:
            handle(message, options.mood)
    while options.mood == "stubborn":  # the end of its input does not move it either
        time.sleep(60)


if __name__ == "__main__":
    main()
