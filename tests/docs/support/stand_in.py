"""The `argus-trio` that blocks of commands start: the real one, but what does not end by itself is ended.

`serve` and `demo` go on beside the block once they listen, on loopback and on $PAGES_PORT, until whoever runs the block
ends the processes of $PAGES_STARTED; `-f` is interrupted once it follows, and `tui` is left with `q`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from argus_trio.cli.arguments.parser import parser
from argus_trio.cli.main import main
from tests.cli.user import at_a_terminal
from tests.e2e.child import Child

FOLLOW_SECONDS = 1.0
"""How long a command follows before it is interrupted."""
STOP_SECONDS = 15.0


def stand_in(words: list[str]) -> int:
    options = parser().parse_args(words)
    if options.command in ("serve", "demo"):
        return _served(options.command, words)
    if options.command == "tui":
        return _looked_at(words)
    if getattr(options, "follow", False):
        return _followed(words)
    return main(words)


def _served(command: str, words: list[str]) -> int:
    """Start it in a process beside this one; 0 once it listens."""
    ready, tell = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.setsid()
        _keep(command, words, tell)
    os.close(tell)
    with Path(os.environ["PAGES_STARTED"]).open("a") as started:
        started.write(f"{keeper}\n")
    with os.fdopen(ready) as told:
        said = told.read()
    sys.stderr.write(said)
    return 0 if "listening" in said else 1


def _keep(command: str, words: list[str], tell: int) -> None:
    """Run the gateway until this process is told to end; never returns."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    more = ["--port", os.environ["PAGES_PORT"]] if "--port" not in words else []
    more += ["--host", "127.0.0.1", "--log-format", "json"] if command == "serve" else []
    with Child([sys.executable, "-m", "argus_trio", *words, *more], cwd=Path.cwd()) as child:
        signal.signal(signal.SIGTERM, lambda *_: child.signal(signal.SIGTERM))
        try:
            child.wait_for(lambda line: line if "listening" in line else None)
            os.write(tell, b"listening\n")
        except AssertionError as failure:
            os.write(tell, str(failure).encode())
        os.close(tell)
        child.process.wait()
    os._exit(0)


def _looked_at(words: list[str]) -> int:
    with at_a_terminal(*words, columns=120) as user:
        user.sees("quit")
        user.types("q")
        return user.ends()


def _followed(words: list[str]) -> int:
    """0 where it goes on until it is interrupted, and ends then as interrupted commands do."""
    process = subprocess.Popen([sys.executable, "-m", "argus_trio", *words])
    try:
        return process.wait(FOLLOW_SECONDS) or 1
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        return 0 if process.wait(STOP_SECONDS) in (0, 130, -signal.SIGINT) else 1


if __name__ == "__main__":
    raise SystemExit(stand_in(sys.argv[1:]))
