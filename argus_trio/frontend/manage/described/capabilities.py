"""`/manage/v1/capabilities`: a page of the inventory, as values to the contract's.

It is made entry by entry, for the page that is asked for alone, and lets others run in between: a long catalog holds up
no call.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import attrs
import msgspec
import trio

from argus_trio import Value
from argus_trio.config.check.authorization.explain import roles_of
from argus_trio.contract.capabilities import (
    CAPABILITIES,
    CapabilitiesAnswer,
    CapabilitiesQuery,
    CapabilityType,
    PromptEntry,
    ResourceEntry,
    ResourceTemplateEntry,
    ToolEntry,
)
from argus_trio.contract.operation import Operation
from argus_trio.core.access.principal import ANONYMOUS, OPERATOR
from argus_trio.core.catalog.paging import Cursors
from argus_trio.core.inventory import KINDS_TOLD, Inventory, InventoryItem, InventoryPlace, Onlooker, Sought
from argus_trio.errors import InvalidParams
from argus_trio.frontend.gateway import Gateway
from argus_trio.frontend.manage.answer import ManageProblem, PageAnswer, unknown_view
from argus_trio.frontend.manage.paging import no_page
from argus_trio.frontend.manage.request import ManageRequest, Page
from argus_trio.wire.envelope import encode
from argus_trio.wire.members import string_member

AT_ONCE: Final = 200
"""How many entries are looked at before others run: a millisecond's work."""
_KINDS: Final[Mapping[CapabilityType | None, tuple[str, ...]]] = {
    None: KINDS_TOLD,
    "tools": ("tools",),
    "resources": ("resources",),
    "resource_templates": ("templates",),
    "prompts": ("prompts",),
}
_KEY_BYTES: Final = 16
_PURPOSE: Final = "capabilities"
_NULL: Final = msgspec.Raw(b"null")
_NO_ARGUMENTS: Final = msgspec.Raw(b"[]")


@attrs.frozen(kw_only=True)
class SealedPlaces(Value):
    """Places as clients carry them from page to page. Only who has the key can have made one, so that nobody asks for
    what they are not shown by its place; and without the right to look at everything it tells no numbers."""

    cursors: Cursors = attrs.field(factory=lambda: Cursors(key=secrets.token_bytes(_KEY_BYTES)))

    def seal(self, place: InventoryPlace, *, has_numbers: bool) -> str:
        """What leads behind a place."""
        told = place if has_numbers else attrs.evolve(place, number=0, at=0)
        return self.cursors.seal(_PURPOSE, encode(attrs.astuple(told)).decode())

    def open(self, cursor: str) -> InventoryPlace:
        """The place that was sealed.

        Raises:
            ManageProblem: none was.
        """
        try:
            sealed = msgspec.json.decode(self.cursors.open(_PURPOSE, cursor), type=tuple[str, str, int, str, int])
        except InvalidParams:
            raise no_page() from None
        kind, backend, number, key, at = sealed
        return InventoryPlace(kind=kind, backend=backend, number=number, key=key, at=at)


def capability_pages(gateway: Gateway) -> Mapping[Operation, Page]:
    """What backends list, and what of it is hidden."""

    places = SealedPlaces()

    async def capabilities(request: ManageRequest) -> PageAnswer:
        return PageAnswer(body=await _page(gateway, places, request))

    return {CAPABILITIES: capabilities}


async def _page(gateway: Gateway, places: SealedPlaces, request: ManageRequest) -> bytes:
    query, inventory = request.query_as(CapabilitiesQuery), gateway.management.inventory()
    onlooker = _onlooker(gateway, inventory, request, query)
    _check_backend(gateway, inventory, request, query.backend)
    sought = Sought(
        kinds=_KINDS[query.type],
        backend=query.backend,
        search=query.search,
        onlooker=onlooker,
        has_hidden=query.hidden and request.sees_all,
    )
    after = places.open(query.after) if query.after else None
    found: list[InventoryItem] = []
    has_more = False
    for number, item in enumerate(inventory.scan(sought, after), 1):
        if item is not None and len(found) == query.limit:
            has_more = True
            break
        if item is not None:
            found.append(item)
        await _rest_after(number)
    count = len(inventory.catalog.tools) if onlooker is None else await _count(inventory.tools_shown(onlooker))
    cursor = places.seal(found[-1].place, has_numbers=request.sees_all) if has_more else None
    return await _body(found, count, cursor)


def _onlooker(
    gateway: Gateway, inventory: Inventory, request: ManageRequest, query: CapabilitiesQuery
) -> Onlooker | None:
    """As whom it is looked at; None where neither roles nor a view hide anything."""
    if query.endpoint and query.endpoint not in inventory.restricting.policy.views:
        raise unknown_view()
    if not request.sees_all:
        if query.principal:
            raise ManageProblem("forbidden", "to look as somebody else takes the right manage:read")
        return inventory.onlooker(request.principal.roles, query.endpoint)
    if query.principal in ("", OPERATOR):
        return inventory.onlooker(None, query.endpoint)
    roles = roles_of(gateway.management.config(), query.principal)
    if roles is None and query.principal == ANONYMOUS.name and request.access.admit is None:
        roles = ()
    if roles is None:
        detail = "the file has no credential of this principal, so its roles are not known"
        raise ManageProblem("unknown-principal", detail)
    return inventory.onlooker(frozenset(roles), query.endpoint)


def _check_backend(gateway: Gateway, inventory: Inventory, request: ManageRequest, name: str) -> None:
    if not name:
        return
    if request.sees_all:
        names = {backend.name for backend in gateway.overview().backends}
    else:
        names = set(inventory.seen(request.principal.roles))
    if name not in names:
        raise ManageProblem("unknown-backend", "no backend of this name is there")


async def _rest_after(number: int) -> None:
    """Let others run at the end of a step, by its number."""
    if number % AT_ONCE == 0:
        await trio.lowlevel.checkpoint()


async def _count(shown: Iterable[bool]) -> int:
    count = 0
    for number, is_shown in enumerate(shown, 1):
        count += is_shown
        await _rest_after(number)
    return count


async def _body(found: list[InventoryItem], count: int, cursor: str | None) -> bytes:
    """A `CapabilitiesAnswer`, encoded entry by entry: a long one takes too long at once."""
    lists: dict[str, list[bytes]] = {kind: [] for kind in KINDS_TOLD}
    routes: dict[str, tuple[str, str]] = {}
    for number, item in enumerate(found, 1):
        lists[item.kind].append(encode(_ENTRIES[item.kind](item)))
        if item.kind in ("tools", "prompts") and item.hidden is None:
            routes.setdefault(item.name, (item.backend, item.key))
        await _rest_after(number)
    rest = CapabilitiesAnswer(
        tools=(),
        resources=(),
        resource_templates=(),
        prompts=(),
        route_map=routes,
        optimizer_active=False,
        mcp_visible_tool_count=count,
        next=cursor,
    )
    told = {name: value for name, value in attrs.asdict(rest, recurse=False).items() if name not in _MEMBERS.values()}
    parts = [encode(told)[:-1]]
    for kind, entries in lists.items():
        parts.append(b',"%b":[' % _MEMBERS[kind].encode())
        parts += [entries[0], *(each for entry in entries[1:] for each in (b",", entry))] if entries else []
        parts.append(b"]")
    return b"".join((*parts, b"}"))  # which is copied once: there may be megabytes of it


def _tool(item: InventoryItem) -> ToolEntry:
    fields = item.fields
    return ToolEntry(
        name=item.name,
        original_name=item.key,
        title=string_member(fields, "title"),
        description=string_member(fields, "description"),
        backend=item.backend,
        input_schema=fields.get("inputSchema", _NULL),
        output_schema=fields.get("outputSchema", _NULL),
        annotations=fields.get("annotations", _NULL),
        filtered=item.hidden == "filter",
        renamed=item.name != item.key,
        hidden=item.hidden,
        why=item.why,
    )


def _resource(item: InventoryItem) -> ResourceEntry:
    return ResourceEntry(
        uri=item.key,
        name=string_member(item.fields, "name"),
        description=string_member(item.fields, "description"),
        backend=item.backend,
        mime_type=string_member(item.fields, "mimeType"),
        filtered=item.hidden == "filter",
        hidden=item.hidden,
        why=item.why,
    )


def _template(item: InventoryItem) -> ResourceTemplateEntry:
    return ResourceTemplateEntry(
        uri_template=item.key,
        name=string_member(item.fields, "name"),
        description=string_member(item.fields, "description"),
        backend=item.backend,
        mime_type=string_member(item.fields, "mimeType"),
        filtered=item.hidden == "filter",
        hidden=item.hidden,
        why=item.why,
    )


def _prompt(item: InventoryItem) -> PromptEntry:
    return PromptEntry(
        name=item.name,
        original_name=item.key,
        description=string_member(item.fields, "description"),
        backend=item.backend,
        arguments=item.fields.get("arguments", _NO_ARGUMENTS),
        filtered=item.hidden == "filter",
        renamed=item.name != item.key,
        hidden=item.hidden,
        why=item.why,
    )


_ENTRIES: Final[Mapping[str, Callable[[InventoryItem], object]]] = {
    "tools": _tool,
    "resources": _resource,
    "templates": _template,
    "prompts": _prompt,
}
"""What makes an entry of the contract, by kind."""
_MEMBERS: Final = {kinds[0]: member for member, kinds in _KINDS.items() if member is not None}
"""The member of the answer that lists each kind."""
