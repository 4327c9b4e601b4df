"""Whose a container is: the labels that name a gateway, and the judgement whether that one still lives. Sans I/O.

A container is judged by what only its own gateway can have written, and left alone where anything is in doubt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.sandbox.plan.launch import BACKEND_LABEL, INSTANCE_LABEL

GATEWAY_LABEL: Final = "argus-trio.gateway"
"""What tells that run from every other one: `pid=… started=… namespace=… boot=…`."""
CONTAINER_LABELS: Final = (INSTANCE_LABEL, GATEWAY_LABEL, BACKEND_LABEL)
"""The labels of containers, which no image may have of them."""

_GATEWAY: Final = re.compile(r"pid=(\d{1,10}) started=(\d{1,20}) namespace=(\d{1,20}) boot=([0-9a-f-]{1,64})")
_CLOCK_SLACK_SECONDS: Final = 3600.0
"""How far clocks may be set while a machine starts: what was created within it is not taken for older than the boot."""

GatewayState = Literal["lives", "gone", "elsewhere"]
"""elsewhere: what it is cannot be told from here."""


@attrs.frozen(kw_only=True)
class GatewayRun(Value):
    """One run of a gateway."""

    instance: str
    pid: int
    started: int
    """When the process was started, in ticks since the boot: it tells two apart that had the same pid."""
    namespace: int
    """The inode of its pid namespace: a pid says nothing in another one."""
    boot: str

    @property
    def labels(self) -> Mapping[str, str]:
        """What its containers are labelled with, besides their backend."""
        told = f"pid={self.pid} started={self.started} namespace={self.namespace} boot={self.boot}"
        return MappingProxyType({INSTANCE_LABEL: self.instance, GATEWAY_LABEL: told})


def gateway_of(labels: Mapping[str, str]) -> GatewayRun | None:
    """The gateway that labels name, or None if they name none as we write it."""
    told = _GATEWAY.fullmatch(labels.get(GATEWAY_LABEL, ""))
    instance = labels.get(INSTANCE_LABEL, "")
    if told is None or not instance:
        return None
    pid, started, namespace, boot = told.groups()
    return GatewayRun(instance=instance, pid=int(pid), started=int(started), namespace=int(namespace), boot=boot)


@attrs.frozen(kw_only=True)
class Surroundings(Value):
    """Where this gateway runs."""

    namespace: int
    boot: str
    booted: float
    """When the machine was started, in seconds since the epoch."""


ProcessFound = int | Literal["gone", "hidden"]
"""When the process of a pid was started; hidden: it is there, and more is not shown to us."""


def judge(
    owner: GatewayRun, here: Surroundings, process: ProcessFound, *, is_running: bool, created: float
) -> GatewayState:
    """Whether the gateway of a container lives. `process` is what its pid is here.

    - On another boot than ours: its machine was started anew, or it is another machine that shares the engine's socket.
      No container outlives a boot running, so only one that does not run and is older than our boot is nobody's.
    - In another pid namespace, such as that of a container: it cannot be seen from here, and may live.
    - Else its process says so.
    """
    if owner.boot != here.boot:
        is_of_earlier_boot = not is_running and 0 < created < here.booted - _CLOCK_SLACK_SECONDS
        return "gone" if is_of_earlier_boot else "elsewhere"
    if owner.namespace != here.namespace:
        return "elsewhere"
    if process == "hidden":
        return "elsewhere"
    return "lives" if process == owner.started else "gone"
