"""Puts the front end together: the edges, their shared tables, what keeps answers alive, and the server around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import attrs
import structlog
import trio

from argus_trio import Value
from argus_trio.core.access.access import Access
from argus_trio.core.call.abilities import Audience
from argus_trio.core.journal import Journal
from argus_trio.core.memory import Bodies, Memory
from argus_trio.core.open_exchanges import OpenExchanges
from argus_trio.frontend.application import Application, Traffic
from argus_trio.frontend.edges.endpoint import Endpoint
from argus_trio.frontend.edges.http_sse import SseEdge
from argus_trio.frontend.edges.streamable_http_legacy import LegacyEdge
from argus_trio.frontend.edges.streamable_http_modern import ModernEdge
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.keep_alive import KeepAlive
from argus_trio.frontend.http.request import IncomingRequest, OpenStreams
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.input_required.parking import Parking
from argus_trio.frontend.input_required.request_state import RequestStates, Seal
from argus_trio.frontend.manage.api import ManageApi
from argus_trio.frontend.manage.calls.served import ServedCalls
from argus_trio.frontend.manage.pages import all_pages
from argus_trio.frontend.manage.status import ServedFacts
from argus_trio.frontend.notifications.announcer import Announcer
from argus_trio.frontend.server.listeners import NO_VARIABLES, OpenListeners, open_listeners
from argus_trio.frontend.server.serving import serve
from argus_trio.frontend.server.socket_activation import Inherited
from argus_trio.frontend.sessions.noted import note_ended
from argus_trio.frontend.sessions.session import HttpSession
from argus_trio.frontend.sessions.table import Sessions

log = structlog.get_logger()

LAST_WORD_SECONDS: Final = 0.5
"""How long before the end of a drain calls are cancelled: time enough for their handlers to end and their clients to be
answered."""


async def run_frontend(
    gateway: Gateway,
    *,
    announcer: Announcer,
    settings: CurrentSettings,
    stop: trio.Event,
    make_seal: Callable[[], Seal],
    inherited: Sequence[Inherited] = (),
    memory: Memory | None = None,
    environ: Mapping[str, str] = NO_VARIABLES,
    task_status: trio.TaskStatus[tuple[str, ...]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stop` is set, and then for as long as calls in flight take, at most `server.drain_timeout`.

    Reports the base URLs, such as `http://127.0.0.1:9000`, once it listens. Cancelling it cuts everything at once.
    `settings` may be renewed at any time. `make_seal` is called when the first call asks its client. With `inherited`
    sockets it listens on these, and on no address of its own. What it holds for clients is entered in `memory`.
    `environ` says where the socket of `server.management.socket: auto` belongs.

    Raises:
        ListenFailed: as `open_listeners`.
    """
    listeners = await _listening(settings, inherited, environ)
    memory = memory or Memory(
        lambda: settings.now.server.limits.memory, on_full=partial(tell_full, gateway.management.journal)
    )
    served = ServedAt(urls=listeners.urls, management_urls=listeners.management_urls, stop=stop)
    parts = _assembled(gateway, announcer, settings, make_seal=make_seal, memory=memory, served=served)
    settings.on_renewed.append(parts.renewed)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(parts.keep_alive.run, parts.sessions.expire)
        nursery.start_soon(announcer.run)
        await nursery.start(parts.parking.run)
        task_status.started(listeners.urls)
        try:
            await serve(
                parts.application,
                listeners.listeners,
                stop=stop,
                on_stop=lambda: parts.stop(settings.drain_timeout),
                settings=settings,
                bodies=parts.bodies,
            )
        finally:
            settings.on_renewed.remove(parts.renewed)
            parts.sessions.end_all()
        nursery.cancel_scope.cancel()


async def _listening(
    settings: CurrentSettings, inherited: Sequence[Inherited], environ: Mapping[str, str]
) -> OpenListeners:
    """Listen, and let the settings say whether operators can come by a socket."""
    listeners = await open_listeners(settings, inherited, environ=environ)
    access = attrs.evolve(settings.now.management, has_socket=listeners.has_users_socket)
    settings.begin(attrs.evolve(settings.now, management=access))
    return listeners


@attrs.frozen(kw_only=True)
class ServedAt(Value):
    """Where it serves, and until when."""

    urls: Sequence[str] = ()
    management_urls: Sequence[str] = ()
    stop: trio.Event = attrs.field(factory=trio.Event)
    parked: Callable[[], int] = int
    """How many calls of modern clients wait there for their client."""


@attrs.frozen(kw_only=True)
class _Parts(Value):
    """The application, and what of it lives in tasks."""

    application: Application
    announcer: Announcer
    bodies: Bodies
    sessions: Sessions
    keep_alive: KeepAlive
    parking: Parking
    calls: ServedCalls
    exchanges: OpenExchanges

    def renewed(self, settings: ServedSettings) -> None:
        """End what lasts and belongs to clients that could not come in any more: sessions, conversations, streams."""
        may_stay = partial(_may_stay, settings.access)
        ended = self.sessions.end_unless(may_stay)
        self.application.sse.end_unless(may_stay)
        self.announcer.end_unless(may_stay)
        self.application.streams.end_unless(partial(self._may_stream, settings))
        if ended:
            log.info("sessions_ended", count=ended, reason="a reload took away who they belong to, or their endpoint")

    def stop(self, drain_timeout: float) -> None:
        """The gateway stops: end what has no end of its own. Nobody waits for an answer on what only tells of news."""
        self.announcer.close()
        self.application.streams.end_unless(lambda request: not self.application.manage.is_feed(request))
        limit = trio.current_time() + drain_timeout - min(LAST_WORD_SECONDS, drain_timeout / 2)
        self.parking.stop(limit)
        self.calls.stop(limit)
        self.exchanges.end_by(limit)

    def _may_stream(self, settings: ServedSettings, request: IncomingRequest) -> bool:
        """Whether a stream goes on: the credential that opened it stands, and its endpoint is there."""
        if request.path.startswith("/manage/"):
            return self.application.manage.may_stay(request, settings)
        access = settings.access
        return access.stands(request.principal) and (not request.endpoint or request.endpoint in access.views)


def _assembled(
    gateway: Gateway,
    announcer: Announcer,
    settings: CurrentSettings,
    *,
    make_seal: Callable[[], Seal],
    memory: Memory,
    served: ServedAt,
) -> _Parts:
    def release(session: HttpSession) -> None:
        note_ended(gateway.management.journal, session)
        announcer.remove(session)
        gateway.release(session)

    keep_alive = KeepAlive()
    bodies = Bodies(memory, on_refused=partial(_tell_refused, gateway.management.journal))
    sessions = Sessions(on_end=release, idle=settings.now.limits.session_idle, memory=memory)
    parking = Parking(gateway.handler, RequestStates(make_seal), memory)
    endpoint = Endpoint(
        LegacyEdge(gateway=gateway, sessions=sessions, announcer=announcer, keep_alive=keep_alive),
        ModernEdge(gateway=gateway, announcer=announcer, keep_alive=keep_alive, parking=parking, memory=memory),
        settings,
        bodies=bodies,
    )
    sse = SseEdge(gateway, announcer, settings, memory=memory, bodies=bodies)
    served = attrs.evolve(served, parked=parking.__len__)
    application, calls = _application(gateway, settings, endpoint, sse=sse, sessions=sessions, served=served)
    return _Parts(
        application=application,
        announcer=announcer,
        bodies=bodies,
        sessions=sessions,
        keep_alive=keep_alive,
        parking=parking,
        calls=calls,
        exchanges=gateway.management.exchanges,
    )


def _application(
    gateway: Gateway,
    settings: CurrentSettings,
    endpoint: Endpoint,
    sse: SseEdge,
    *,
    sessions: Sessions,
    served: ServedAt,
) -> tuple[Application, ServedCalls]:
    """What answers every path, the management API included, and the calls of that one."""
    traffic, streams, memory, bodies = Traffic(), OpenStreams(), sse.memory, sse.bodies
    facts = ServedFacts(
        urls=served.urls,
        management_urls=served.management_urls,
        sessions=lambda: len(sessions) + len(sse),
        conversations=lambda: len(sse),
        streams=lambda: len(streams),
        requests=lambda: traffic.in_flight,
        parked=served.parked,
        turned_away=lambda: traffic.turned_away,
        is_stopping=served.stop.is_set,
        memory=memory,
    )
    calls = ServedCalls(handler=gateway.handler, settings=settings, memory=memory, requests=facts.requests)
    pages = all_pages(gateway, facts, calls=calls, tables=(sessions, sse))
    manage = ManageApi(pages=pages, settings=settings, bodies=bodies, journal=gateway.management.journal)
    application = Application(
        gateway=gateway,
        settings=settings,
        endpoint=endpoint,
        sse=sse,
        manage=manage,
        traffic=traffic,
        streams=streams,
    )
    return application, calls


def _may_stay(access: Access, audience: Audience) -> bool:
    """Whether what belongs to this client goes on: who it is could come in still, by the endpoint that it uses."""
    return access.knows(audience.principal) and (not audience.endpoint or audience.endpoint in access.views)


def tell_full(journal: Journal, held: int, limit: int) -> None:
    """Log that the gateway holds too much; see `Memory`."""
    advice = "clients do not fetch what is theirs; what would keep more is refused; raise server.limits.memory or wait"
    log.warning("memory_full", held=held, limit=limit, advice=advice)
    journal.note("memory_full", advice, severity="warning", details={"held": held, "limit": limit})


def _tell_refused(journal: Journal, held: int, most: int) -> None:
    advice = "many large requests wait for their answers; look for a slow backend; raise server.limits.memory or wait"
    log.warning("large_requests_refused", held=held, most=most, advice=advice)
    journal.note("large_requests_refused", advice, severity="warning", details={"held": held, "most": most})
