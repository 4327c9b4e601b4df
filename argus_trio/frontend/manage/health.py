"""`/manage/v1/health` and `/manage/v1/ready`: whether it works, and whether traffic should come; values to bodies."""

from __future__ import annotations

from collections.abc import Mapping

import trio

from argus_trio import __version__
from argus_trio.contract.health import HEALTH, READY, BackendCounts, HealthAnswer, ReadyAnswer
from argus_trio.contract.operation import Operation
from argus_trio.core.health.health import Health
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import PageAnswer
from argus_trio.frontend.manage.request import ManageRequest, Page


def health_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """Whether the gateway works, and whether traffic should come."""
    started = trio.current_time()

    async def health(_: ManageRequest) -> PageAnswer:
        return PageAnswer(body=health_answer(gateway.health(), uptime=trio.current_time() - started))

    async def ready(_: ManageRequest) -> PageAnswer:
        status, body = ready_answer(gateway.health())
        return PageAnswer(status=status, body=body)

    return {HEALTH: health, READY: ready}


def health_answer(health: Health, *, uptime: float) -> HealthAnswer:
    """The answer to `health`, which is 200 whatever it says: it was given. `uptime` is in seconds."""
    return HealthAnswer(
        status=health.status,
        uptime_seconds=round(uptime, 3),
        version=__version__,
        backends=BackendCounts(
            total=health.total,
            connected=health.connected,
            healthy=health.healthy,
            preparing=health.preparing,
        ),
    )


def ready_answer(health: Health) -> tuple[int, ReadyAnswer]:
    """The status and the body of the answer to `ready`."""
    reason = health.not_ready_because
    return (200 if reason is None else 503), ReadyAnswer(ready=reason is None, reason=reason)
