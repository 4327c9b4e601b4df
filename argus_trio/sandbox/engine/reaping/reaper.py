"""The reaper of one engine: a small program of its own, run as `python -I -S reaper.py FD SOCKET INSTANCE`.

FD is a stream socket whose other end only the gateway holds, SOCKET the engine's, INSTANCE the value of the label that
the gateway's containers have. That FD ends means that the gateway has ended, crashed or was killed: then every
container with that label is removed, whatever its state, and it is looked again for `QUIET_SECONDS`, for an engine may
still be creating what it was asked for. Words on FD: `done`, nothing is left, so it leaves at once; `last`, the gateway
stops and nothing is being created any more, so it leaves when it has found nothing once.

A container's own first process ends with the gateway as well; this is for those that were not started yet, for images
without such a process, and for what hangs.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time

QUIET_SECONDS = 5.0
"""How long nothing must be found: an engine that is busy has created by then what it was asked for."""
LIMIT_SECONDS = 60.0
"""When it gives up: the engine hangs, or does not run. The next start of a gateway looks again."""
AGAIN_SECONDS = 0.1
"""The pause between two looks."""
REQUEST_SECONDS = 10.0
"""How long one request may take."""
MAX_ANSWER_BYTES = 16 * 1024 * 1024
REMOVALS_AT_ONCE = 8
"""An engine takes a tenth of a second for each."""
DONE = b"done"
LAST = b"last"
LABEL = "argus-trio.instance"


def main(control: int, engine: str, instance: str) -> int:
    """Wait for the end of the gateway, and remove what is left of it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    os.set_inheritable(control, False)
    try:
        word = os.read(control, len(DONE))
    except ConnectionError:
        word = b""
    if word != DONE:
        _reap(engine, instance, 0.0 if word == LAST else QUIET_SECONDS)
    return 0


def _reap(engine: str, instance: str, quiet: float) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    quiet_from: float | None = None
    while (now := time.monotonic()) < limit:
        found = _list(engine, instance)
        if found:
            _remove_all(engine, found)
        if found != []:
            quiet_from = None
        else:
            quiet_from = now if quiet_from is None else quiet_from
            if now - quiet_from >= quiet:
                return
        time.sleep(AGAIN_SECONDS)


def _list(engine: str, instance: str) -> list[str] | None:
    """The ids of containers that are left, or None if the engine does not say."""
    wanted = json.dumps({"label": [f"{LABEL}={instance}"]})
    encoded = "".join(f"%{byte:02X}" for byte in wanted.encode())
    try:
        answer = _ask(engine, "GET", f"/containers/json?all=1&filters={encoded}")
        return [each["Id"] for each in json.loads(answer)]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remove_all(engine: str, found: list[str]) -> None:
    left = list(found)

    def work() -> None:
        while True:
            try:
                container = left.pop()
            except IndexError:
                return
            with contextlib.suppress(OSError, ValueError):  # the next look finds it again
                _ask(engine, "DELETE", f"/containers/{container}?force=1&v=1")

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(REMOVALS_AT_ONCE, len(found)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(REQUEST_SECONDS)


def _ask(engine: str, method: str, target: str) -> bytes:
    """The body of a successful answer. In HTTP/1.0 it is whole when the connection ends, and in one piece."""
    deadline = time.monotonic() + REQUEST_SECONDS
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(REQUEST_SECONDS)
        connection.connect(engine)
        connection.sendall(f"{method} {target} HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
            if len(answer) > MAX_ANSWER_BYTES or time.monotonic() > deadline:
                raise ValueError("the answer does not end")
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.split(b" ", 2)[1:2] not in ([b"200"], [b"204"], [b"404"]):
        raise ValueError("the engine refused")
    return body


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
