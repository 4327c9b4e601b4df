"""A stdio server that misbehaves as its arguments say: `nasty.py MODE [ARGUMENT]`.

Standard library only, to start fast.
Where a mode says nothing else, every request is answered with its own parameters as the result.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

Handler = Callable[[dict[str, object], str], None]


def write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


def answer(request: dict[str, object], result: object) -> None:
    write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode() + b"\n")


def echo(request: dict[str, object], _: str) -> None:
    if "id" in request:
        answer(request, request.get("params", {}))


def die_on_call(_: dict[str, object], argument: str) -> None:
    os.write(2, b"first line\n\x1b[31mthe disk is \x07full\x1b[0m\nno line end")
    if argument.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, argument))
        time.sleep(10)
    os._exit(int(argument))


def answer_and_die(request: dict[str, object], argument: str) -> None:
    answer(request, "the last words")
    os._exit(int(argument))


def never_answers(_: dict[str, object], __: str) -> None:
    return


def close_stdout(_: dict[str, object], __: str) -> None:
    os.close(1)


def huge_line(request: dict[str, object], argument: str) -> None:
    answer(request, "x" * int(argument))


def garbage(request: dict[str, object], _: str) -> None:
    write(b"Starting up\n\n  \r\n{\x00\xff\x1b[2J}\n[1,2]\n" + b"[" * 5000 + b"\n" + b"n" * 5000 + b"\n")
    answer({"id": 999_999}, "nobody asked")
    echo(request, "")


def broken_text(request: dict[str, object], _: str) -> None:
    head = f'{{"jsonrpc":"2.0","id":{request["id"]},"result":'
    write(head.encode() + b'"caf\xe9 \\ud800"}\r\n')


def batch(request: dict[str, object], _: str) -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"from": "the batch"}}
    write(json.dumps([note, 17, {"jsonrpc": "2.0", "id": str(request["id"]), "result": {}}]).encode() + b"\n")


def half_answer(request: dict[str, object], argument: str) -> None:
    write(b'{"jsonrpc":"2.0","id":%b%b}\n' % (str(request["id"]).encode(), argument.encode()))


def talkative(request: dict[str, object], _: str) -> None:
    write(b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"n":1e400}}\n')
    write(b'{"jsonrpc":"2.0","id":"ask-1","method":"roots/list"}\n')
    echo(request, "")


def ping_first(request: dict[str, object], _: str) -> None:
    """Answers the first request only once it has been answered itself."""
    if request.get("method") == "initialize":
        write(b'{"jsonrpc":"2.0","id":"before","method":"ping"}\n')
        assert json.loads(sys.stdin.buffer.readline()) == {"jsonrpc": "2.0", "id": "before", "result": {}}
        answer(request, {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "n"}})
    else:
        echo(request, "")


def flood_stderr(request: dict[str, object], argument: str) -> None:
    for _ in range(int(argument) // 65536):
        os.write(2, b"e" * 65536 if request["method"] == "endless" else b"error line\n" * 5957)
    echo(request, "")


def environment(request: dict[str, object], _: str) -> None:
    answer(request, {"argv": sys.argv, "env": dict(os.environ), "cwd": str(Path.cwd()), "sid": os.getsid(0)})


def descriptors(request: dict[str, object], _: str) -> None:
    answer(request, sorted(int(entry.name) for entry in Path("/proc/self/fd").iterdir())[:-1])


def no_answer_to_term() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def stay(seconds: float = 60) -> NoReturn:
    time.sleep(seconds)
    os._exit(0)


def double_fork(count: int) -> None:
    """Daemons of every kind: in their own sessions, deaf to TERM, some with the pipes held open; then carry on."""
    for number in range(count):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                if number % 2:
                    no_answer_to_term()
                if number % 3 == 0:
                    os.closerange(0, 3)
                stay()
            os._exit(0)
        os.wait()


def serve(handler: Handler, argument: str) -> None:
    for line in sys.stdin.buffer:
        handler(json.loads(line), argument)


HANDLERS: dict[str, Handler] = {
    "echo": echo,
    "die-on-call": die_on_call,
    "answer-and-die": answer_and_die,
    "never-answers": never_answers,
    "close-stdout": close_stdout,
    "huge-line": huge_line,
    "garbage": garbage,
    "broken-text": broken_text,
    "batch": batch,
    "half-answer": half_answer,
    "talkative": talkative,
    "flood-stderr": flood_stderr,
    "ping-first": ping_first,
    "environment": environment,
    "descriptors": descriptors,
}


def main(mode: str, argument: str) -> None:
    match mode:
        case "die-at-once":
            os.write(2, b"no such database\n")
            os._exit(int(argument))
        case "never-reads":
            stay()
        case "ignore-term":
            no_answer_to_term()
            serve(echo, "")
            stay()
        case "double-fork":
            double_fork(int(argument))
            serve(echo, "")
        case "double-fork-ignore-term":
            no_answer_to_term()
            double_fork(int(argument))
            serve(echo, "")
            stay()
        case "orphan-then-die":
            # The direct child ends, what it started does not, and holds the pipes.
            no_answer_to_term()
            subprocess.Popen([sys.executable, __file__, "never-reads", argument])
            os._exit(5)
        case "banner":
            write(b"== my server 1.0 ==\nlistening on stdio\n")
            serve(echo, "")
        case _:
            serve(HANDLERS[mode], argument)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "0")
