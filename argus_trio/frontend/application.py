"""The ASGI application: the guard, and which edge answers at which path. It knows no message and no server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from math import inf
from typing import Final, Literal

import attrs
import structlog
import trio

from argus_trio.core.access.access import Access
from argus_trio.frontend.admission import is_admitted
from argus_trio.frontend.edges.endpoint import Endpoint
from argus_trio.frontend.edges.http_sse import SseEdge
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.http.cors import answer_preflight, is_preflight, readable_by
from argus_trio.frontend.http.errors import ClientGone
from argus_trio.frontend.http.host_origin import HostOriginCheck
from argus_trio.frontend.http.request import (
    JSON,
    AsgiReceive,
    AsgiScope,
    AsgiSend,
    IncomingRequest,
    OpenStreams,
    refusal,
    retry_after,
)
from argus_trio.frontend.http.served_settings import CurrentSettings
from argus_trio.frontend.manage.api import PROBED, ManageApi
from argus_trio.wire import headers as names

log = structlog.get_logger()

PathHandlers = Mapping[str, Callable[[IncomingRequest], Awaitable[None]]]
"""What answers at one path, by HTTP method."""

_SETTING: Final = {"host": "server.allowed_hosts", "origin": "server.allowed_origins"}
_FOR_PAGES: Final = ("/mcp", "/sse", "/messages", "/sse/messages")
_VIEWED: Final = ("mcp", "sse")
"""What stands in a path before the name of a view."""
_WELL_KNOWN: Final = "/.well-known/"
"""Where metadata are that say how to come in, or are not: nobody can be asked who they are before (RFC 9728, 3.1)."""
_MANAGEMENT: Final = "/manage/"
_STATUS: Final = {"host": 421, "origin": 403}
_VIA: Final = names.VIA.encode()
_LOOP_ADVICE: Final = "take the backend that leads back here out of the configuration"
RETRY_AFTER_SECONDS: Final = 2
"""When a client that was turned away may come back."""
REPORT_SECONDS: Final = 60.0
"""The shortest time between two lines of the log that say that requests are turned away."""
_SHOWN: Final = 200
"""As much of a wrong header value as the log shows, in characters."""


@attrs.define(eq=False, repr=False)
class Traffic:
    """What is served at the moment."""

    in_flight: int = attrs.field(default=0, init=False)
    """Requests that have not been answered, event streams included."""
    turned_away: int = attrs.field(default=0, init=False)
    """How many have been turned away so far because there were too many."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Application:
    """Everything that is served over HTTP."""

    gateway: Gateway
    settings: CurrentSettings
    endpoint: Endpoint
    sse: SseEdge
    manage: ManageApi
    traffic: Traffic = attrs.field(factory=Traffic)
    streams: OpenStreams = attrs.field(factory=OpenStreams)
    """The long-lived streams that are open."""
    _has_come_round: bool = attrs.field(default=False, init=False)
    _reported: int = attrs.field(default=0, init=False)
    """How many of them the log has told."""
    _reported_at: float = attrs.field(default=-inf, init=False)
    _routes: dict[str, PathHandlers] = attrs.field(init=False)
    _for_pages: list[PathHandlers] = attrs.field(init=False)
    """What pages of other origins may use, where they are listed; the management API is for none."""

    def __attrs_post_init__(self) -> None:
        endpoint, sse = self.endpoint, self.sse
        self._routes = {
            "/mcp": {"POST": endpoint.post, "GET": endpoint.get, "DELETE": endpoint.delete},
            "/sse": {"GET": sse.get},
            "/messages": {"POST": sse.post},
            "/sse/messages": {"POST": sse.post},
        }
        self._for_pages = [self._routes[path] for path in _FOR_PAGES]

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        """Answer one request. A client that goes before it has asked anything gets no answer."""
        http = IncomingRequest.of(scope, receive, send, self.streams)
        settings, origin = self.settings.now, http.fields.get(b"origin")
        is_managing = http.path.startswith(_MANAGEMENT) or http.path == "/manage" or http.door.serves == "management"
        # Where the management API is elsewhere, its paths are as any where nothing is, but for what probes ask.
        if is_managing and (http.door.serves != "clients" or http.path.removesuffix("/") in PROBED):
            await self._serve(http, partial(self.manage, access=settings.access))
            return
        known = (http.fields.get(b"host"), origin) in settings.host_origin.passed
        if not known and not await self._is_called_right(http, settings.host_origin):
            return
        route = self._routes.get(http.path) or self._other_route(http, settings.access)
        if origin is not None and await self._is_preflight_of(http, route, settings.host_origin):
            return
        if not settings.access.is_open and not await self._is_let_in(http, settings.access):
            return
        if route is None:
            await http.answer_unread(404, refusal("not_found", _nothing_at(http.path)))
            return
        serve = route.get(http.method)
        if serve is None:
            await self._refuse_method(http, route)
            return
        via = http.fields.get(_VIA)
        if via is not None and self.gateway.comes_round(via.decode("latin-1")):
            await self._refuse_own(http)
            return
        if self.traffic.in_flight >= settings.limits.requests:
            await self._turn_away(http)
            return
        await self._serve(http, serve)

    async def _serve(self, http: IncomingRequest, serve: Callable[[IncomingRequest], Awaitable[None]]) -> None:
        self.traffic.in_flight += 1
        try:
            await serve(http)
        except ClientGone:
            log.debug("client_gone", path=http.path)
        finally:
            self.traffic.in_flight -= 1
            body = http.body
            if body is not None and body.held:
                body.release()
            elif body is not None:
                body.bodies.small -= body.small

    async def _is_called_right(self, http: IncomingRequest, check: HostOriginCheck) -> bool:
        """Whether its Host and Origin may stand in it; else it has been answered."""
        host, origin = http.fields.get(b"host"), http.fields.get(b"origin")
        wrong = check.judge(host, origin)
        if wrong is not None:
            await self._refuse(http, wrong)
        return wrong is None

    def _other_route(self, http: IncomingRequest, access: Access) -> PathHandlers | None:
        """What answers at a path that does not stand in the table. The request is told the view that the path names."""
        path = http.path.removesuffix("/")
        if path in self._routes:
            return self._routes[path]
        if path in access.documents:
            return {"GET": self._document, "HEAD": self._document}
        base, _, rest = path.removeprefix("/").partition("/")
        name, _, rest = rest.partition("/")
        if base not in _VIEWED or name not in access.views:
            return None
        http.endpoint = name
        return self._routes.get(f"/{base}/{rest}" if rest else f"/{base}")

    async def _is_preflight_of(self, http: IncomingRequest, route: PathHandlers | None, check: HostOriginCheck) -> bool:
        """Whether a browser asked before a request of a listed page, and has been answered. What such a page asks for
        at these paths it may read."""
        origin = http.fields[b"origin"]
        if not any(route is each for each in self._for_pages) or not check.is_listed(origin):
            return False
        http.answer_through(partial(readable_by, origin))
        if not is_preflight(http):
            return False
        await answer_preflight(http)
        return True

    async def _is_let_in(self, http: IncomingRequest, access: Access) -> bool:
        """Whether who asks is let in, and may do this; else it has been answered."""
        path = http.path.removesuffix("/")
        if path.startswith(_WELL_KNOWN):
            return True
        return await is_admitted(http, access)

    async def _document(self, http: IncomingRequest) -> None:
        document = self.settings.now.access.documents.get(http.path.removesuffix("/"), b"{}")
        await http.answer_unread(200, document, (JSON, (b"access-control-allow-origin", b"*")))

    async def _refuse_own(self, http: IncomingRequest) -> None:
        if not self._has_come_round:
            self._has_come_round = True
            log.warning("gateway_is_its_own_backend", path=http.path, advice=_LOOP_ADVICE)
        message = f"this gateway is its own backend, directly or by others: {_LOOP_ADVICE}"
        await http.answer_unread(508, refusal("loop", message))

    async def _turn_away(self, http: IncomingRequest) -> None:
        self.traffic.turned_away += 1
        most = self.settings.now.limits.requests
        now = trio.current_time()
        if now - self._reported_at >= REPORT_SECONDS:
            count = self.traffic.turned_away - self._reported
            log.warning("requests_turned_away", count=count, most=most)
            said, details = f"{most} requests are in flight: more are turned away", {"count": count, "most": most}
            self.gateway.management.journal.note("requests_turned_away", said, severity="warning", details=details)
            self._reported_at, self._reported = now, self.traffic.turned_away
        message = f"{most} requests are in flight, which is as many as the gateway takes; come back later"
        await http.answer_unread(503, refusal("overloaded", message), (JSON, retry_after(RETRY_AFTER_SECONDS)))

    async def _refuse(self, http: IncomingRequest, wrong: Literal["host", "origin"]) -> None:
        value = http.fields.get(wrong.encode())
        if self.settings.now.host_origin.is_new(wrong, value):
            shown = (value or b"").decode("latin-1")[:_SHOWN]
            log.warning("request_turned_away", header=wrong, value=shown, setting=_SETTING[wrong])
        message = f"the {wrong.capitalize()} header is not allowed here; {_SETTING[wrong]} lists what is"
        await http.answer_unread(_STATUS[wrong], refusal(f"wrong_{wrong}", message))

    async def _refuse_method(self, http: IncomingRequest, route: PathHandlers) -> None:
        allow = (b"allow", ", ".join((*route, "OPTIONS")).encode())
        if http.method == "OPTIONS":
            await http.answer_unread(204, b"", (allow,))
            return
        await http.answer_unread(405, refusal("method_not_allowed", f"{http.method} is not served here"), (JSON, allow))


def _nothing_at(path: str) -> str:
    base, _, name = path.removeprefix("/").partition("/")
    return (
        "the configuration has no view of this name"
        if base in _VIEWED and name.strip("/")
        else "nothing is served at this path"
    )
