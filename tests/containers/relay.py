"""A Unix socket before an engine's own, so that an engine can hang, vanish or be full, and nothing happen to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

Mode = Literal["pass", "hang", "vanish", "full"]
FULL_BODY = b'{"message":"mkdir /var/lib/docker/overlay2/x: no space left on device"}'
FULL = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
PIECE = 65536


class Relay:
    """`become` changes what comes from then on: it is answered by the engine, otherwise, or not at all."""

    def __init__(self, path: Path, target: str, mode: Mode = "pass") -> None:
        self.url = f"unix://{path}"
        self._mode: Mode = mode
        self._target = target
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._run(self._accept)

    def become(self, mode: Mode) -> None:
        """The connections that there are end, unless it hangs: then they stay, and nothing comes any more."""
        self._mode = mode
        if mode != "hang":
            self._end_connections()

    def close(self) -> None:
        self._mode = "vanish"
        self._listener.shutdown(socket.SHUT_RDWR)
        self._end_connections()
        for thread in self._threads:
            thread.join(5.0)
        self._listener.close()

    def _run(self, body: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=body, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _end_connections(self) -> None:
        for each in tuple(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # shut down
            self._run(self._connection, client)

    def _connection(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as engine:
            if self._mode == "vanish":
                return
            engine.connect(self._target)
            self._open |= {client, engine}
            answers = threading.Thread(target=self._answers, args=(engine, client), daemon=True)
            answers.start()
            with suppress(OSError):
                self._requests(client, engine)
            answers.join()
            self._open -= {client, engine}

    def _requests(self, client: socket.socket, engine: socket.socket) -> None:
        while piece := client.recv(PIECE):
            asked = piece.split(b"\r\n")[0]
            if self._mode == "full" and asked.startswith(b"POST") and b"/containers/create" in asked:
                client.sendall(FULL % (len(FULL_BODY), FULL_BODY))
            elif self._mode != "hang":
                engine.sendall(piece)
        engine.shutdown(socket.SHUT_WR)

    def _answers(self, engine: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while piece := engine.recv(PIECE):
                if self._mode != "hang":
                    client.sendall(piece)
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def relaying(path: Path, target: str, mode: Mode = "pass") -> Iterator[Relay]:
    relay = Relay(path, target, mode)
    try:
        yield relay
    finally:
        relay.close()
