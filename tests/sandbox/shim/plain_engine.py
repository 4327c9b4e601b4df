"""A container engine asked with plain HTTP over its Unix socket, so that what runs containers is tried by itself."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Literal

import attrs
import trio

from argus_trio.errors import LinkFailed


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, method: str, target: str, body: object = None, *, seconds: float = 30) -> tuple[int, bytes]:
    connection = _UnixConnection(path, seconds)
    try:
        content = None if body is None else json.dumps(body).encode()
        connection.request(method, target, body=content, headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@attrs.define(eq=False)
class PlainEngine:
    """As `container/start.py: ContainerEngine`."""

    path: Path
    created: list[str] = attrs.field(factory=list, init=False)
    """The names of all that was created."""

    async def create(self, body: Mapping[str, object], *, name: str) -> str:
        self.created.append(name)
        answer = await self._asked("POST", f"/containers/create?name={name}", body)
        return str(json.loads(answer)["Id"])

    async def start(self, container: str) -> None:
        await self._asked("POST", f"/containers/{container}/start")

    async def wait(self, container: str, condition: Literal["next-exit"]) -> int:
        target = f"/containers/{container}/wait?condition={condition}"
        call = partial(ask, self.path, "POST", target, seconds=300)
        status, answer = await trio.to_thread.run_sync(call, abandon_on_cancel=True)
        if status >= 300:
            raise LinkFailed(answer.decode())
        return int(json.loads(answer)["StatusCode"])

    async def remove(self, container: str) -> None:
        while True:
            status, answer = await trio.to_thread.run_sync(
                ask, self.path, "DELETE", f"/containers/{container}?force=1&v=1"
            )
            if status == 404 or status < 300:
                return
            if b"in progress" not in answer:
                raise LinkFailed(answer.decode())
            await trio.sleep(0.02)

    def is_there(self, container: str) -> bool:
        return ask(self.path, "GET", f"/containers/{container}/json")[0] == 200

    async def _asked(self, method: str, target: str, body: object = None) -> bytes:
        status, answer = await trio.to_thread.run_sync(ask, self.path, method, target, body)
        if status >= 300:
            raise LinkFailed(f"the engine refused: {answer.decode()}")
        return answer


def body_of(folder: Path, *, image: str, shim: Literal["python", "node"], memory: int) -> dict[str, object]:
    """A hardened container, as small as it can be written."""
    entrypoint = ["python3", "-I", "-S", "/run/argus/shim.py"] if shim == "python" else ["node", "/run/argus/shim.js"]
    mounts = [
        {"Type": "bind", "Source": str(folder), "Target": "/run/argus", "ReadOnly": True},
        {"Type": "bind", "Source": f"{folder}/resolv.conf", "Target": "/etc/resolv.conf", "ReadOnly": True},
    ]
    return {
        "Image": image,
        "Entrypoint": entrypoint,
        "Cmd": [],
        "User": "65532:65532",
        "Labels": {"argus-trio.test": "shim"},
        "HostConfig": {
            "Mounts": mounts,
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Tmpfs": {"/tmp": "rw,noexec,nosuid,size=16m,mode=1777"},
            "Memory": memory,
            "MemorySwap": memory,
            "PidsLimit": 64,
            "IpcMode": "private",
            "AutoRemove": True,
            "Init": shim == "node",
            "LogConfig": {"Type": "none"},
            "Sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},
        },
    }
