"""Puts the front end together: the edges, their shared tables, the ticker, and the server around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import trio

from argus_trio.frontend.announcer import Announcer
from argus_trio.frontend.asgi import Application
from argus_trio.frontend.endpoint import Endpoint
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.inherited import Inherited
from argus_trio.frontend.legacy import LegacyEdge
from argus_trio.frontend.listening import open_listeners
from argus_trio.frontend.modern import ModernEdge
from argus_trio.frontend.parking import Parking
from argus_trio.frontend.server import serve
from argus_trio.frontend.session import HttpSession
from argus_trio.frontend.sessions import Sessions
from argus_trio.frontend.sse import SseEdge
from argus_trio.frontend.states import Seal, States
from argus_trio.frontend.terms import CurrentTerms
from argus_trio.frontend.ticker import Ticker


async def run_frontend(
    gateway: Gateway,
    *,
    announcer: Announcer,
    terms: CurrentTerms,
    stop: trio.Event,
    make_seal: Callable[[], Seal],
    inherited: Sequence[Inherited] = (),
    task_status: trio.TaskStatus[tuple[str, ...]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stop` is set, and then for as long as calls in flight take, at most `server.drain_timeout`.

    Reports the base URLs, such as `http://127.0.0.1:9000`, once it listens. Cancelling it cuts everything at once.
    `terms` may be renewed at any time. `make_seal` is called when the first call asks its client. With `inherited`
    sockets it listens on these, and on no address of its own.

    Raises:
        ListenFailed: as `open_listeners`.
    """
    listening = await open_listeners(terms, inherited)
    house = _furnished(gateway, announcer, terms, make_seal)

    def end_what_lasts() -> None:
        announcer.close()
        house.parking.stop(terms.now.settings.drain_timeout)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(house.ticker.run, house.sessions.expire)
        await nursery.start(house.parking.run)
        task_status.started(listening.urls)
        try:
            await serve(
                house.application,
                listening.listeners,
                stop=stop,
                on_stop=end_what_lasts,
                terms=terms,
            )
        finally:
            house.sessions.end_all()
        nursery.cancel_scope.cancel()


@attrs.frozen(kw_only=True)
class _House:
    """The application, and what of it lives in tasks."""

    application: Application
    sessions: Sessions
    ticker: Ticker
    parking: Parking


def _furnished(gateway: Gateway, announcer: Announcer, terms: CurrentTerms, make_seal: Callable[[], Seal]) -> _House:
    def let_go(session: HttpSession) -> None:
        announcer.remove(session)
        gateway.release(session)

    sessions, ticker = Sessions(on_end=let_go, idle=terms.now.limits.session_idle), Ticker()
    parking = Parking(gateway.handler, States(make_seal))
    endpoint = Endpoint(
        LegacyEdge(gateway, sessions, announcer, ticker), ModernEdge(gateway, announcer, ticker, parking), terms
    )
    application = Application(gateway, terms, endpoint, SseEdge(gateway, announcer, terms))
    return _House(application=application, sessions=sessions, ticker=ticker, parking=parking)
