"""`/manage/v1/isolation`: the engine, and the plan of each stdio backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from argus_trio.contract.backends import ISOLATION, EngineEntry, IsolatedBackend, IsolationAnswer
from argus_trio.contract.operation import Operation
from argus_trio.core.health.health import BackendStatus, EngineStatus, PreparingWord
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import PageAnswer
from argus_trio.frontend.manage.backends import isolation_entry
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.frontend.manage.status import isolation_status

_STDIO: Final = "stdio"
_PREPARING: Final[Mapping[str, PreparingWord]] = {
    "installing": "installing",
    "building": "building",
    "pulling": "pulling",
}


def isolation_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """How the stdio backends are isolated."""

    async def isolation(_: ManageRequest) -> PageAnswer:
        backends = gateway.overview().backends
        status = isolation_status(gateway, backends)
        answer = IsolationAnswer(
            setting=status.setting,
            engine=_engine(gateway.management.engine()),
            why=status.why,
            plans=status.plans,
            backends=tuple(_isolated(backends)),
        )
        return PageAnswer(body=answer)

    return {ISOLATION: isolation}


def _engine(engine: EngineStatus | None) -> EngineEntry | None:
    if engine is None or engine.kind is None:
        return None
    return EngineEntry(
        kind=engine.kind,
        version=engine.version,
        api_version=engine.api_version,
        socket=engine.socket,
        rootless=engine.rootless,
    )


def _isolated(backends: Iterable[BackendStatus]) -> Iterable[IsolatedBackend]:
    for backend in backends:
        if backend.type == _STDIO:
            yield IsolatedBackend(
                name=backend.name,
                state=backend.state,
                preparing=_PREPARING.get(backend.standing.what),
                reason=backend.standing.reason,
                isolation=isolation_entry(backend.isolation),
            )
