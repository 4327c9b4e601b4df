"""The catalog: one immutable snapshot of everything that all backends show, and of where each name leads.

It is built from what the backends last published, in a deterministic order, and replaced by one assignment. Its entries
are encoded, so that a list is bytes that are ready to send.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.core.catalog.names import LONGEST_NAME, PORTABLE, Claim, Collision, Scheme, in_order, resolve
from argus_trio.core.catalog.paging import Listed, listed
from argus_trio.core.catalog.remarks import Remark
from argus_trio.core.catalog.templates import UriTemplate
from argus_trio.core.catalog.uris import comparable, origin
from argus_trio.wire.envelope import Params, encode, encode_raw
from argus_trio.wire.param_headers import ParamHeaders
from argus_trio.wire.revisions import Era


@attrs.frozen(kw_only=True)
class Entry(Value):
    """One tool, prompt, resource or template of a backend."""

    key: str
    """The name or URI by which the backend knows the entry."""
    shown_name: str
    """The name or URI by which clients know the entry, before any prefix."""
    fields: Params
    """The members of the entry's JSON object, raw."""
    legacy_fields: Params | None = None
    """The same as legacy clients can read it, where that is not the same."""
    param_headers: ParamHeaders = ()
    """Which arguments of a tool are repeated in headers towards a modern HTTP backend."""


@attrs.frozen(kw_only=True)
class Dropped(Value):
    """A tool that must not be shown, and why."""

    backend: str
    tool: str
    reason: str


HiddenWhy = Literal["filter", "conflict", "policy", "invalid", "pin"]
"""Why an entry is not shown: a filter of its backend, another entry of the same name, a rule or a view, a definition
that no client could read, or a pin that it differs from."""


@attrs.frozen(kw_only=True)
class HiddenEntry(Value):
    """An entry that a backend lists and that is shown to nobody, kept to be told. It is on the way of no call."""

    kind: str
    key: str
    shown_name: str
    """The name or URI that it would be shown by, before any prefix."""
    because: HiddenWhy
    why: str
    """The same in one line for people."""
    fields: Params
    """As they came: those of the listing itself, which is kept anyway."""


@attrs.frozen(kw_only=True)
class Published(Value):
    """What one backend shows, its filters and overrides already applied. An empty `prefix` leaves the names bare."""

    backend: str
    prefix: str
    tools: tuple[Entry, ...] = ()
    prompts: tuple[Entry, ...] = ()
    resources: tuple[Entry, ...] = ()
    templates: tuple[Entry, ...] = ()
    serves_resources: bool = False
    """Whether the backend declares resources at all: if so, it may serve URIs that it does not list."""
    dropped: tuple[Dropped, ...] = ()
    mended: tuple[Remark, ...] = ()
    """What was changed of entries so that clients can read them."""
    left_out: tuple[Remark, ...] = ()
    """The entries that no client could read, and why."""
    hidden: tuple[HiddenEntry, ...] = ()
    """The entries that are left out, in the order of the lists, and why."""

    def entries(self, kind: str) -> tuple[Entry, ...]:
        """The entries of one kind that are shown, in the order of the list."""
        return {
            "tools": self.tools,
            "prompts": self.prompts,
            "resources": self.resources,
            "templates": self.templates,
        }[kind]


@attrs.frozen(kw_only=True)
class Route(Value):
    """Where a name leads: a backend, and the key there."""

    backend: str
    key: str
    param_headers: ParamHeaders = ()
    """Which arguments of a tool are repeated in headers towards a modern HTTP backend."""


Holders = Mapping[str, Mapping[str, str]]
"""Which backend holds which bare name, by kind."""

KINDS: Final = ("tools", "prompts", "resources", "templates")
LIST_KEYS: Final = {
    "tools": "tools",
    "prompts": "prompts",
    "resources": "resources",
    "templates": "resourceTemplates",
}
"""The member of a list result that holds the entries of each kind."""


@attrs.frozen(kw_only=True)
class Catalog(Value):
    """One snapshot of what all backends show: routes by name, and list results that are ready to send."""

    tools: Mapping[str, Route]
    prompts: Mapping[str, Route]
    resources: Mapping[str, Route]
    templates: tuple[tuple[UriTemplate, Route], ...]
    resource_backends: tuple[str, ...]
    """The backends that declare resources at all."""
    lists: Mapping[str, bytes]
    """The whole list result of each kind, as raw JSON."""
    paged: Mapping[str, Listed]
    """The same list results by kind, as they are cut into pages where they are long."""
    legacy_tools: Listed
    """The tools as legacy clients can read them; as in `paged`, unless a modern backend says more."""
    holders: Holders
    """Who has each name, or had it last: whoever it was built to keep it for, else whom it is shown for now."""
    collisions: tuple[Collision, ...]
    too_long: tuple[str, ...]
    """The names shown that common clients refuse for their length."""
    not_portable: tuple[str, ...]
    """The names shown that some clients refuse for a character, with all that is listed beside them."""
    dropped: tuple[Dropped, ...]
    mended: tuple[Remark, ...]
    """What was changed of entries so that clients can read them."""
    left_out: tuple[Remark, ...]
    """The entries that are shown to nobody, and why."""
    named: Mapping[str, Mapping[str, Route]] = attrs.field(init=False, eq=False, repr=False)
    """The routes of what is called by a name, by kind and by the name shown."""

    @named.default
    def _by_kind(self) -> Mapping[str, Mapping[str, Route]]:
        return MappingProxyType({"tools": self.tools, "prompts": self.prompts})

    def listed(self, kind: str, era: Era) -> Listed:
        """The list of one kind for a client of this era."""
        return self.legacy_tools if kind == "tools" and era is Era.LEGACY else self.paged[kind]

    def route_of_reference(self, uri: str) -> Route | None:
        """The route of a `ref/resource` (completion): of the template that is spelled `uri`, else as `route_of_uri`."""
        exact = next((route for _, route in self.templates if route.key == uri), None)
        if exact is not None or uri in self.resources:
            return exact or self.resources[uri]
        compared = comparable(uri)
        alike = next((route for _, route in self.templates if comparable(route.key) == compared), None)
        return alike or self.route_of_uri(uri)

    def route_of_uri(self, uri: str) -> Route | None:
        """The route of `uri`: to the owner of this resource, else of the first template that can mean it.

        Spellings that mean the same are one resource, and the route has the owner's. Backends may serve more than they
        list: where nothing matches, the only backend with resources is meant.
        """
        exact = self.resources.get(uri)
        if exact is not None:
            return exact
        compared = comparable(uri)
        listed_as = self._listed_as.get(compared)
        if listed_as is not None:
            return self.resources[listed_as]
        for template, route in self.templates:
            if template.matches(uri):
                return Route(backend=route.backend, key=uri)
        for template, route in self.templates:
            spelled = template.compared.spelled(uri, compared)
            if spelled is not None:
                return Route(backend=route.backend, key=spelled)
        if len(self.resource_backends) == 1:
            return Route(backend=self.resource_backends[0], key=uri)
        return None

    def may_serve(self, uri: str) -> tuple[str, ...]:
        """The backends that may serve a URI to which nothing leads, in order.

        Those are the ones that list, or have a template for, others with its scheme and authority; if there are none,
        all with resources.
        """
        whose = origin(comparable(uri))
        alike = self._owners_by_origin.get(whose, set[str]()) | {
            route.backend for template, route in self.templates if template.compared.may_serve(whose)
        }
        return tuple(name for name in self.resource_backends if name in alike) or self.resource_backends

    @cached_property
    def _listed_as(self) -> Mapping[str, str]:
        """How each resource is listed, by what is equal for all spellings of its URI."""
        return {comparable(uri): uri for uri in reversed(tuple(self.resources))}

    @cached_property
    def _owners_by_origin(self) -> Mapping[str, set[str]]:
        owners: dict[str, set[str]] = {}
        for compared, uri in self._listed_as.items():
            owners.setdefault(origin(compared), set()).add(self.resources[uri].backend)
        return owners


def build(published: Iterable[Published], scheme: Scheme, holders: Holders) -> Catalog:
    """The catalog of what is `published` now, where each name goes to its holder, as long as that one shows it."""
    by_name = {p.backend: p for p in published}
    ordered = [by_name[name] for name in in_order(by_name, scheme.order)]
    tools, tool_list, tool_collisions = _named(ordered, "tools", scheme, holders)
    prompts, prompt_list, prompt_collisions = _named(ordered, "prompts", scheme, holders)
    resources, resource_list, resource_collisions = _owned(ordered, "resources", holders)
    templates, template_list, template_collisions = _owned(ordered, "templates", holders)
    lists = {"tools": tool_list, "prompts": prompt_list, "resources": resource_list, "templates": template_list}
    routes = {"tools": tools, "prompts": prompts, "resources": resources, "templates": templates}
    paged = {kind: listed(LIST_KEYS[kind], zip(routes[kind], entries, strict=True)) for kind, entries in lists.items()}
    legacy_tools = paged["tools"]
    if any(entry.legacy_fields is not None for p in ordered for entry in p.tools):
        _, as_legacy, _ = _named(ordered, "tools", scheme, holders, is_legacy=True)
        legacy_tools = listed(LIST_KEYS["tools"], zip(tools, as_legacy, strict=True))
    return Catalog(
        tools=MappingProxyType(tools),
        prompts=MappingProxyType(prompts),
        resources=MappingProxyType(resources),
        templates=tuple((UriTemplate(text), route) for text, route in templates.items()),
        resource_backends=tuple(p.backend for p in ordered if p.serves_resources),
        lists=MappingProxyType({kind: one.whole for kind, one in paged.items()}),
        paged=MappingProxyType(paged),
        legacy_tools=legacy_tools,
        holders={kind: {**holders.get(kind, {}), **_held(routes[kind])} for kind in KINDS},
        collisions=(*tool_collisions, *prompt_collisions, *resource_collisions, *template_collisions),
        too_long=tuple(name for name in (*tools, *prompts) if len(name) > LONGEST_NAME),
        not_portable=tuple(name for name in (*tools, *prompts) if not PORTABLE.fullmatch(name)),
        dropped=tuple(dropped for p in ordered for dropped in p.dropped),
        mended=tuple(remark for p in ordered for remark in p.mended),
        left_out=tuple(remark for p in ordered for remark in p.left_out),
    )


def holders_after(held: Holders, shown: Holders, firm: Container[str]) -> Holders:
    """Who holds names from now on: as `held`, and for those that a backend of `firm` is shown with, as `shown`."""
    return {
        kind: {**held.get(kind, {}), **{name: b for name, b in shown.get(kind, {}).items() if b in firm}}
        for kind in KINDS
    }


def changed_kinds(before: Catalog, now: Catalog) -> frozenset[str]:
    """The kinds whose list results differ between the two catalogs."""
    return frozenset(kind for kind in KINDS if before.lists[kind] != now.lists[kind])


def _held(routes: Mapping[str, Route]) -> dict[str, str]:
    return {name: route.backend for name, route in routes.items()}


def _named(
    ordered: Sequence[Published], kind: str, scheme: Scheme, holders: Holders, *, is_legacy: bool = False
) -> tuple[dict[str, Route], list[bytes], tuple[Collision, ...]]:
    entries = {
        Claim(backend=p.backend, prefix=p.prefix, name=entry.shown_name): entry
        for p in ordered
        for entry in p.entries(kind)
    }
    naming = resolve(entries, scheme, holders.get(kind, {}))
    routes: dict[str, Route] = {}
    encoded: list[bytes] = []
    for name, claim in naming.claims_by_name.items():
        entry = entries[claim]
        routes[name] = Route(backend=claim.backend, key=entry.key, param_headers=entry.param_headers)
        fields = entry.legacy_fields if is_legacy and entry.legacy_fields is not None else entry.fields
        encoded.append(encode(fields if name == entry.key else {**fields, "name": encode_raw(name)}))
    return routes, encoded, naming.collisions


def _owned(
    ordered: Sequence[Published], kind: str, holders: Holders
) -> tuple[dict[str, Route], list[bytes], tuple[Collision, ...]]:
    held = holders.get(kind, {})
    claims: dict[str, list[tuple[str, Entry]]] = {}
    for p in ordered:
        for entry in p.entries(kind):
            claims.setdefault(entry.key, []).append((p.backend, entry))
    routes: dict[str, Route] = {}
    encoded: list[bytes] = []
    collisions: list[Collision] = []
    for key, rivals in claims.items():
        backend, entry = next((rival for rival in rivals if rival[0] == held.get(key)), rivals[0])
        routes[key] = Route(backend=backend, key=key)
        encoded.append(encode(entry.fields))
        collisions += [Collision(name=key, winner=backend, loser=b) for b, e in rivals if e is not entry]
    return routes, encoded, tuple(collisions)


EMPTY: Final = build((), Scheme(), {})
"""The catalog before any backend has published."""
