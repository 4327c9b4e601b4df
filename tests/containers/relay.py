"""A Unix socket before an engine's own, so that an engine can hang, vanish or be full, and nothing happen to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

Mode = Literal["pass", "hang", "vanish", "full"]
FULL_BODY = b'{"message":"mkdir /var/lib/docker/overlay2/x: no space left on device"}'
FULL = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
PIECE = 65536


class Relay:
    """`mode` can be changed at any time; what comes from then on is answered so, or not at all."""

    def __init__(self, path: Path, target: str, mode: Mode = "pass") -> None:
        self.url = f"unix://{path}"
        self.mode: Mode = mode
        self._target = target
        self._open: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def become(self, mode: Mode) -> None:
        """The connections that there are end, unless it hangs: then they stay, and nothing comes any more."""
        self.mode = mode
        if mode != "hang":
            self._drop()

    def _drop(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def close(self) -> None:
        self.mode = "vanish"
        self._listener.close()
        self._drop()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            if self.mode == "vanish":
                client.close()
                continue
            self._open.append(client)
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(self._target)
            self._open.append(engine)
            threading.Thread(target=self._pass, args=(client, engine), daemon=True).start()

    def _pass(self, client: socket.socket, engine: socket.socket) -> None:
        """Relay one connection to the end of both directions; only then is it safe to close it."""
        with client, engine:
            requests = threading.Thread(target=self._requests, args=(client, engine), daemon=True)
            requests.start()
            self._answers(engine, client)
            requests.join()

    def _requests(self, client: socket.socket, engine: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(PIECE):
                if (
                    self.mode == "full"
                    and piece.startswith(b"POST")
                    and b"/containers/create" in piece.split(b"\r\n")[0]
                ):
                    client.sendall(FULL % (len(FULL_BODY), FULL_BODY))
                elif self.mode != "hang":
                    engine.sendall(piece)
            engine.shutdown(socket.SHUT_WR)

    def _answers(self, engine: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while piece := engine.recv(PIECE):
                if self.mode == "hang":
                    return
                client.sendall(piece)
            client.shutdown(socket.SHUT_WR)


@contextmanager
def relaying(path: Path, target: str, mode: Mode = "pass") -> Iterator[Relay]:
    relay = Relay(path, target, mode)
    try:
        yield relay
    finally:
        relay.close()
