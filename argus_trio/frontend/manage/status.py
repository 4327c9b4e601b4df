"""`/manage/v1/status` and `/manage/v1/batch`: the gateway in a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal
from urllib.parse import urlsplit

import attrs
import trio

from argus_trio import Value, __version__
from argus_trio.contract.backends import BACKENDS
from argus_trio.contract.capabilities import CAPABILITIES, CapabilitiesQuery
from argus_trio.contract.events import EVENTS, EventsQuery
from argus_trio.contract.health import (
    STATUS,
    ConfigStatus,
    IsolationStatus,
    LoadStatus,
    PlanCounts,
    ServiceStatus,
    StatusAnswer,
    TransportStatus,
)
from argus_trio.contract.operation import MOST_LISTED, NoQuery, Operation
from argus_trio.contract.settings import BATCH, BatchQuery
from argus_trio.core.health.health import BackendStatus, EngineStatus
from argus_trio.core.memory import Memory
from argus_trio.core.open_exchanges import OpenExchanges
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import PageAnswer
from argus_trio.frontend.manage.health import health_answer, ready_answer
from argus_trio.frontend.manage.moments import Clocks, rfc3339
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.wire.envelope import Raw, encode
from argus_trio.wire.revisions import Era

BATCHED: Final = 10 * MOST_LISTED
"""The most entries that a batch lists: more have to be asked for page by page."""
_NO_HOST: Final = "http://localhost"


@attrs.frozen(kw_only=True)
class ServedFacts(Value):
    """What is known of the front end while it serves."""

    urls: Sequence[str] = ()
    """The base URLs that clients connect to."""
    management_urls: Sequence[str] = ()
    """Where the management API alone is served."""
    sessions: Callable[[], int] = int
    """All sessions, those on `/sse` too."""
    conversations: Callable[[], int] = int
    """Those on `/sse`."""
    streams: Callable[[], int] = int
    """The long-lived event streams that are open."""
    requests: Callable[[], int] = int
    """How many requests are in flight, event streams included."""
    parked: Callable[[], int] = int
    """How many calls of modern clients wait for their client to come back."""
    turned_away: Callable[[], int] = int
    """How many requests were turned away because too many were in flight."""
    is_stopping: Callable[[], bool] = bool
    memory: Memory = attrs.field(factory=Memory)


def status_pages(gateway: Gateway, facts: ServedFacts) -> Mapping[Operation, Page]:
    """The gateway in a glance."""
    began = Clocks.read()

    async def status(_: ManageRequest) -> PageAnswer:
        return PageAnswer(body=_status(gateway, facts, began))

    return {STATUS: status}


def batch_pages(pages: Mapping[Operation, Page]) -> Mapping[Operation, Page]:
    """Several of these pages in one answer."""

    async def batch(request: ManageRequest) -> PageAnswer:
        query = request.query_as(BatchQuery)
        wanted: Mapping[str, tuple[Operation, object]] = {
            "status": (STATUS, NoQuery()),
            "backends": (BACKENDS, NoQuery()),
            "capabilities": (CAPABILITIES, CapabilitiesQuery(limit=BATCHED)),
            "events": (EVENTS, EventsQuery(limit=query.events_limit)),
        }
        body: dict[str, object] = {}
        for name, (operation, asked) in wanted.items():
            answer = await pages[operation](attrs.evolve(request, query=asked))
            if answer is not None:
                body[name] = Raw(answer.encoded)
        return PageAnswer(body=encode(body))

    return {BATCH: batch}


def _status(gateway: Gateway, facts: ServedFacts, began: Clocks) -> StatusAnswer:
    management, health = gateway.management, gateway.health()
    config, uptime = management.config(), trio.current_time() - began.now
    state: Literal["starting", "running", "stopping"] = "starting" if health.starting > health.added else "running"
    return StatusAnswer(
        service=ServiceStatus(
            name="argus-trio",
            version=__version__,
            state="stopping" if facts.is_stopping() else state,
            uptime_seconds=round(uptime, 3),
            started_at=rfc3339(began.unix),
            instance=management.instance,
        ),
        config=config_status(gateway),
        transport=_transport(facts, (config.server.host, config.server.port)),
        load=LoadStatus(
            exchanges=len(management.exchanges),
            sessions=facts.sessions(),
            requests=facts.requests(),
            parked=facts.parked(),
            clients=facts.sessions() + _modern_clients(management.exchanges),
            memory_held=facts.memory.size,
            memory_limit=facts.memory.limit,
        ),
        health=health_answer(health, uptime=uptime),
        ready=ready_answer(health)[1],
        isolation=isolation_status(gateway, gateway.overview().backends),
        log_level=management.log_level.name,
        feature_flags={},
    )


def _modern_clients(exchanges: OpenExchanges) -> int:
    """How many modern clients have something under way, as far as they can be told apart."""
    calls = (each.call for each in exchanges)
    return len({(each.principal.name, each.address) for each in calls if each.era is Era.MODERN})


def isolation_status(gateway: Gateway, backends: Sequence[BackendStatus]) -> IsolationStatus:
    """How these backends are isolated, counted; those that have no plan yet are in no number."""
    engine = gateway.management.engine() or EngineStatus()
    plans = Counter(each.isolation.plan for each in backends if each.isolation is not None)
    return IsolationStatus(
        setting=gateway.management.config().isolation,
        engine=None if engine.kind is None else str(engine),
        why=engine.why or None,
        plans=PlanCounts(contained=plans["contained"], bare=plans["bare"], refused=plans["refused"]),
    )


def config_status(gateway: Gateway) -> ConfigStatus:
    """What is told of the configuration in effect."""
    management = gateway.management
    return ConfigStatus(
        file_path=None if management.file is None else str(management.file),
        loaded_at=rfc3339(management.loaded_at()),
        backend_count=len(management.config().backends),
        generation=1 if gateway.control is None else gateway.control.generation,
    )


def _transport(facts: ServedFacts, configured: tuple[str, int]) -> TransportStatus:
    over_tcp = [url for url in facts.urls if "://unix:" not in url]
    first = over_tcp[0] if over_tcp else _NO_HOST
    parts = urlsplit(first)
    return TransportStatus(
        sse_url=f"{first}/sse",
        streamable_http_url=f"{first}/mcp",
        host=parts.hostname or configured[0],
        port=parts.port or configured[1],
        urls=tuple(facts.urls),
        management_urls=tuple(facts.management_urls),
    )
