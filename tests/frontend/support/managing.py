"""The management API without a socket: one request in, one answer out, of a gateway that is made of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs
import msgspec

from argus_trio.config.model.config import Config
from argus_trio.config.model.server import Server
from argus_trio.contract.operation import Operation
from argus_trio.core.access.access import OPEN, Access, ManageRight
from argus_trio.core.access.policy import OPEN_POLICY, Policy, RoleRules
from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.access.rules import AccessRule
from argus_trio.core.catalog.catalog import Entry, HiddenEntry, Published, build
from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.core.catalog.names import Scheme
from argus_trio.core.catalog.restricted import RestrictedCatalogs
from argus_trio.core.health.health import EngineStatus, Health, Overview
from argus_trio.core.inventory import Inventory
from argus_trio.core.memory import Memory
from argus_trio.frontend.gateway import Control, Gateway, Management
from argus_trio.frontend.http.receive_queue import ReceiveQueue
from argus_trio.frontend.http.request import IncomingRequest
from argus_trio.frontend.http.served_settings import CurrentSettings, ServedSettings
from argus_trio.frontend.manage.api import ManageApi
from argus_trio.frontend.manage.calls.served import ServedCalls
from argus_trio.frontend.manage.pages import all_pages
from argus_trio.frontend.manage.request import Page
from argus_trio.frontend.manage.status import ServedFacts
from tests.backends.support.fakes import raw
from tests.frontend.support.serving import Backstage

KIM = Principal(name="kim", roles=frozenset({"reader"}))


@attrs.frozen
class Reply:
    """A whole answer."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found


@attrs.define(eq=False, kw_only=True)
class Managed:
    """A gateway that is looked at by its management API. Who asks is `principal`, let in already."""

    overview: Overview = attrs.field(factory=Overview)
    inventory: Inventory | None = None
    config: Config = attrs.field(factory=Config)
    access: Access = OPEN
    principal: Principal = KIM
    control: Control | None = None
    engine: EngineStatus | None = None
    api: ManageApi = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        inventory = self.inventory or inventory_of()
        gateway = Gateway(
            handler=Backstage().handle,
            identity=lambda _: GatewayIdentity(version="1"),
            health=lambda: Health(total=0, connected=0, healthy=0, starting=0),
            overview=lambda: self.overview,
            control=self.control,
            management=Management(config=lambda: self.config, inventory=lambda: inventory, engine=lambda: self.engine),
        )
        settings = CurrentSettings(ServedSettings.of(Server(port=0)))
        self.api = ManageApi(pages=pages_of(gateway, settings), settings=settings)

    async def get(self, path: str, query: bytes = b"") -> Reply:
        return await self.ask("GET", f"/manage/v1{path}", query)

    async def ask(
        self,
        method: str,
        path: str,
        query: bytes = b"",
        body: bytes = b"",
        headers: Mapping[bytes, bytes] = MappingProxyType({}),
        *,
        is_whole: bool = True,
    ) -> Reply:
        """One request, and its whole answer; one that is not whole never comes to its end."""
        sent: list[dict[str, object]] = []

        async def send(message: Mapping[str, object]) -> None:
            sent.append(dict(message))

        queue, fields = ReceiveQueue(), {b"host": b"localhost", **headers}
        await queue.put({"type": "http.request", "body": body, "more_body": not is_whole})
        http = IncomingRequest(
            method=method,
            path=path,
            query=query,
            headers=list(fields.items()),
            fields=fields,
            receive=queue.receive,
            send=send,
            disconnects=queue,
            address="127.0.0.1",
        )
        http.principal = self.principal if self.access is not OPEN else ANONYMOUS
        await self.api(http, self.access)
        status, found = sent[0]["status"], sent[0]["headers"]
        assert isinstance(status, int)
        assert isinstance(found, Sequence)
        parts = [each["body"] for each in sent[1:]]
        return Reply(status, dict(found), b"".join(part for part in parts if isinstance(part, bytes)))


def pages_of(gateway: Gateway, settings: CurrentSettings) -> Mapping[Operation, Page]:
    """All pages of a gateway whose front end holds nothing."""
    calls = ServedCalls(handler=gateway.handler, settings=settings, memory=Memory(lambda: 0))
    return all_pages(gateway, ServedFacts(), calls=calls)


def access_of(*rights: ManageRight) -> Access:
    """An access where whoever asks has these rights."""
    return Access(may_manage=lambda _, right: right in rights)


def policy_of(allow: Sequence[str] | None, views: Policy = OPEN_POLICY) -> Policy:
    """A policy that allows the role `reader` these rules; None: there are no roles."""
    if allow is None:
        return views
    rules = RoleRules(allow=tuple(map(AccessRule.of, allow)))
    return Policy(has_roles=True, roles=MappingProxyType({"reader": rules}), views=views.views)


def inventory_of(
    *backends: Published,
    scheme: Scheme = Scheme(),  # noqa: B008 - a frozen value
    allow: Sequence[str] | None = None,
    views: Policy = OPEN_POLICY,
) -> Inventory:
    """The inventory of what these backends list."""
    catalog = build(backends, scheme, {})
    restricting = RestrictedCatalogs(policy_of(allow, views))
    return Inventory(published=backends, catalog=catalog, scheme=scheme, restricting=restricting)


def published(backend: str, *tools: str, hidden: tuple[HiddenEntry, ...] = (), **more: tuple[Entry, ...]) -> Published:
    """What a backend with these tools publishes."""
    return Published(backend=backend, prefix=backend, tools=tuple(map(tool, tools)), hidden=hidden, **more)  # type: ignore[arg-type]  # fields by name


def tool(name: str, shown: str | None = None, **fields: object) -> Entry:
    schema = {"type": "object"}
    return Entry(key=name, shown_name=shown or name, fields=raw({"name": name, "inputSchema": schema, **fields}))
