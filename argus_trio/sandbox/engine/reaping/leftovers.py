"""Removes the containers of gateways that are gone, and nothing else, ever. Who is gone is judged by `owner.py`.

What another gateway of this machine has stays its own. Images are left to `argus-trio clean`: one that nothing names
may be just about to be used.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from argus_trio.sandbox.engine.control import EngineControl
from argus_trio.sandbox.engine.facts import ContainerFacts
from argus_trio.sandbox.engine.failure import EngineFailed
from argus_trio.sandbox.engine.reaping.owner import (
    GatewayRun,
    GatewayState,
    ProcessFound,
    Surroundings,
    gateway_of,
    judge,
)
from argus_trio.sandbox.plan.launch import INSTANCE_LABEL

log = structlog.get_logger()

_STATES_WITHOUT_PROCESS: Final = ("created", "exited", "dead")
_ELSEWHERE: Final = "their gateway cannot be seen from here, and may live: remove them by hand if it does not"


def this_gateway() -> GatewayRun:
    """The run of this process, under a new random name."""
    here = surroundings()
    started = find_process(os.getpid())
    return GatewayRun(
        instance=secrets.token_hex(8),
        pid=os.getpid(),
        started=started if isinstance(started, int) else 0,
        namespace=here.namespace,
        boot=here.boot,
    )


def surroundings() -> Surroundings:
    """Where this process runs; with a namespace of 0, which is nobody's, where /proc is not ours."""
    namespace = 0
    with suppress(OSError):
        if os.readlink("/proc/self") == str(os.getpid()):  # noqa: PTH115 - a path object of the text is of no use
            namespace = Path("/proc/self/ns/pid").stat().st_ino
    booted = next((line.split()[1] for line in _lines("/proc/stat") if line.startswith("btime ")), "0")
    boot = next(iter(_lines("/proc/sys/kernel/random/boot_id")), "").strip() or "0"
    return Surroundings(namespace=namespace, boot=boot, booted=float(booted))


def find_process(pid: int) -> ProcessFound:
    """When the process of a pid was started. One that has ended and is not buried yet is gone: it holds nothing."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return "gone"
    except PermissionError:
        pass  # another user's
    stat = "".join(_lines(f"/proc/{pid}/stat"))
    if not stat:
        return "hidden"
    fields = stat[stat.rindex(")") + 2 :].split()  # the name may hold anything, parentheses too
    return "gone" if fields[0] in ("Z", "X") else int(fields[19])


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []


def state_of(container: ContainerFacts, own: str, here: Surroundings) -> GatewayState:
    """What there is to say of the gateway of a container; `own` is our instance, which lives."""
    owner = gateway_of(container.labels)
    if owner is None or here.namespace == 0:
        return "elsewhere"
    if owner.instance == own:
        return "lives"
    return judge(
        owner,
        here,
        find_process(owner.pid),
        is_running=container.state not in _STATES_WITHOUT_PROCESS,
        created=container.created,
    )


async def reap_leftovers(control: EngineControl, own: str) -> int:
    """Remove the containers of gateways that are gone, and tell how many.

    Raises:
        EngineFailed: they cannot be listed, or the engine stopped to answer.
    """
    removed = 0
    leftover, elsewhere = await leftovers(control, own)
    for container in leftover:
        removed += await _removed(control, container)
    if removed:
        log.warning("leftover_containers_removed", engine=str(control.facts), containers=removed)
    if elsewhere:
        log.info("containers_of_others", engine=str(control.facts), containers=elsewhere[:20], hint=_ELSEWHERE)
    return removed


async def leftovers(control: EngineControl, own: str) -> tuple[list[ContainerFacts], list[str]]:
    """The containers of gateways that are gone, and the names of those whose gateway cannot be seen from here.

    Raises:
        EngineFailed: they cannot be listed.
    """
    here = surroundings()
    gone: list[ContainerFacts] = []
    elsewhere: list[str] = []
    for container in await control.containers(INSTANCE_LABEL):
        state = state_of(container, own, here)
        if state == "elsewhere":
            elsewhere.extend(container.names[:1])
        elif state == "gone":
            gone.append(container)
    return gone, elsewhere


async def _removed(control: EngineControl, container: ContainerFacts) -> bool:
    try:
        await control.remove(container.id)
    except EngineFailed as failed:
        if failed.kind in ("hung", "absent", "denied"):
            raise
        log.warning("container_left", engine=str(control.facts), container=container.id, reason=failed.reason)
        return False
    return True
