"""What an engine tells of itself, asked with our own HTTP over its Unix socket, and made into facts."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

import msgspec
import trio

from argus_trio.net.http1 import HttpAnswer, HttpConnection, HttpRequest
from argus_trio.sandbox.engine.facts import EngineFacts

T = TypeVar("T")

MAX_FACTS_BYTES: Final = 1024 * 1024
"""The largest answer: what an engine tells of itself is some kilobytes."""

_HEADERS: Final = [(b"host", b"localhost"), (b"accept", b"application/json"), (b"connection", b"close")]
_LIBPOD: Final = "libpod-api-version"
_OLDEST_API: Final = (1, 40)
"""What containers are started with is older, but was not tried with anything before it."""


class EngineSilent(Exception):
    """An engine, but none that can be used. `why` is a clause."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _Version(msgspec.Struct, rename="pascal"):
    version: str
    api_version: str


class _Info(msgspec.Struct):
    cpus: int = msgspec.field(name="NCPU", default=1)
    memory: int = msgspec.field(name="MemTotal", default=0)
    security: list[str] | None = msgspec.field(name="SecurityOptions", default=None)
    system: str = msgspec.field(name="OperatingSystem", default="")
    kind: str = msgspec.field(name="OSType", default="linux")
    memory_limit: bool = msgspec.field(name="MemoryLimit", default=True)
    swap_limit: bool = msgspec.field(name="SwapLimit", default=True)
    cpu_limit: bool = msgspec.field(name="CpuCfsQuota", default=True)
    pids_limit: bool = msgspec.field(name="PidsLimit", default=True)


async def is_engine(socket: Path) -> bool:
    """Whether an engine answers there.

    Raises:
        OSError: it cannot be connected to.
        LinkFailed: what answers does not speak HTTP, or broke off.
    """
    status, _, body = await _get(socket, "/_ping")
    return status == 200 and body.strip() == b"OK"


async def introduce(socket: Path) -> EngineFacts:
    """The facts of the engine that answers there.

    Raises:
        EngineSilent: it is none that can be used.
        OSError: it cannot be connected to.
        LinkFailed: what answers does not speak HTTP, or broke off.
    """
    status, is_podman, body = await _get(socket, "/version")
    version = _decoded(status, body, _Version)
    status, _, body = await _get(socket, "/info")
    info = _decoded(status, body, _Info)
    if _numbers(version.api_version) < _OLDEST_API:
        raise EngineSilent(f"its API is {version.api_version[:20]}, and {'.'.join(map(str, _OLDEST_API))} is needed")
    if info.kind != "linux":
        raise EngineSilent("it runs no Linux containers")
    if "Docker Desktop" in info.system:
        raise EngineSilent("Docker Desktop has its containers in a virtual machine, which shares no sockets with us")
    security = {part.split(",")[0].removeprefix("name=") for part in info.security or ()}
    limits = {"memory": info.memory_limit, "swap": info.swap_limit, "cpus": info.cpu_limit, "pids": info.pids_limit}
    return EngineFacts(
        kind="podman" if is_podman else "docker",
        version=version.version,
        api_version=version.api_version,
        socket=socket,
        rootless="rootless" in security,
        user_namespace="userns" in security,
        cpus=max(1, info.cpus),
        memory=info.memory,
        has_selinux="selinux" in security,
        missing_limits=tuple(name for name, is_there in limits.items() if not is_there),
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _decoded(status: int, body: bytes, wanted: type[T]) -> T:
    if status != 200:
        raise EngineSilent(f"it answers HTTP {status} when it is asked what it is")
    try:
        return msgspec.json.decode(body, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise EngineSilent("it does not say what it is in a way that an engine would") from None


async def _get(socket: Path, target: str) -> tuple[int, bool, bytes]:
    """The status, whether Podman answered, and the body."""
    stream = await trio.open_unix_socket(str(socket))
    connection = HttpConnection(stream=stream, socket=stream)
    try:
        answer = await connection.exchange(HttpRequest(method="GET", target=target, headers=_HEADERS))
        return answer.status, _is_podman(answer), await answer.read(MAX_FACTS_BYTES)
    finally:
        await connection.aclose()


def _is_podman(answer: HttpAnswer) -> bool:
    return answer.header(_LIBPOD) is not None or (answer.header("server") or "").startswith("Libpod/")
