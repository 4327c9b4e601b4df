"""The catalog: lists as bytes, routes, holders, change by kind."""

from __future__ import annotations

import json

import msgspec

from argus_trio.core.catalog.catalog import (
    EMPTY,
    Catalog,
    Entry,
    Published,
    build,
    changed_kinds,
    holders_after,
)
from argus_trio.core.catalog.names import Scheme
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import raw


def fields(text: str) -> Params:
    return {key: msgspec.Raw(json.dumps(value).encode()) for key, value in json.loads(text).items()}


def tool(name: str, shown: str | None = None, extra: str = "{}") -> Entry:
    return Entry(key=name, shown_name=shown or name, fields=fields(json.dumps({"name": name, **json.loads(extra)})))


def resource(uri: str) -> Entry:
    return Entry(key=uri, shown_name=uri, fields=fields(json.dumps({"uri": uri, "name": "r"})))


def template(uri: str) -> Entry:
    return Entry(key=uri, shown_name=uri, fields=fields(json.dumps({"uriTemplate": uri, "name": "t"})))


def listed(catalog: Catalog, kind: str, member: str) -> list[dict[str, object]]:
    decoded: dict[str, list[dict[str, object]]] = json.loads(catalog.lists[kind])
    return decoded[member]


def test_an_empty_catalog_lists_nothing_of_every_kind() -> None:
    assert EMPTY.lists["tools"] == b'{"tools":[]}'
    assert EMPTY.lists["templates"] == b'{"resourceTemplates":[]}'
    assert EMPTY.route_of_uri("file:///x") is None


def test_a_renamed_tool_leads_to_its_own_name_and_keeps_every_other_field() -> None:
    published = Published(backend="a", prefix="a", tools=(tool("read", "fetch", '{"x-new": {"deep": [1]}}'),))
    catalog = build([published], Scheme(), {})
    assert catalog.tools["a__fetch"].key == "read"
    assert listed(catalog, "tools", "tools") == [{"name": "a__fetch", "x-new": {"deep": [1]}}]


def test_a_bare_tool_is_listed_as_the_bytes_it_came_in() -> None:
    raw = {"name": msgspec.Raw(b'"read"'), "n": msgspec.Raw(b"1.50e+10"), "big": msgspec.Raw(b"123456789012345678901")}
    catalog = build(
        [Published(backend="a", prefix="", tools=(Entry(key="read", shown_name="read", fields=raw),))], Scheme(), {}
    )
    assert catalog.lists["tools"] == b'{"tools":[{"name":"read","n":1.50e+10,"big":123456789012345678901}]}'


def test_the_kinds_never_collide_with_each_other() -> None:
    published = Published(backend="a", prefix="", tools=(tool("x"),), prompts=(tool("x"),), resources=(resource("x"),))
    catalog = build([published], Scheme(strategy="error"), {})
    assert catalog.collisions == ()
    assert set(catalog.tools) == set(catalog.prompts) == set(catalog.resources) == {"x"}


def test_the_first_backend_in_order_owns_a_resource_and_the_collision_is_reported() -> None:
    a = Published(backend="a", prefix="a", resources=(resource("file:///x"),))
    b = Published(backend="b", prefix="b", resources=(resource("file:///x"), resource("file:///y")))
    catalog = build([a, b], Scheme(order=("b",)), {})
    route = catalog.route_of_uri("file:///x")
    assert route is not None
    assert route.backend == "b"
    assert [(c.name, c.loser) for c in catalog.collisions] == [("file:///x", "a")]
    assert [r["uri"] for r in listed(catalog, "resources", "resources")] == ["file:///x", "file:///y"]


def test_an_exact_resource_goes_before_any_template() -> None:
    a = Published(backend="a", prefix="a", templates=(template("file:///{+path}"),))
    b = Published(backend="b", prefix="b", resources=(resource("file:///x"),))
    catalog = build([a, b], Scheme(), {})
    exact, other = catalog.route_of_uri("file:///x"), catalog.route_of_uri("file:///deep/y")
    assert exact is not None
    assert other is not None
    assert (exact.backend, other.backend, other.key) == ("b", "a", "file:///deep/y")


def test_an_unlisted_uri_goes_to_the_only_backend_that_serves_resources() -> None:
    a = Published(backend="a", prefix="a", serves_resources=True)
    b = Published(backend="b", prefix="b")
    route = build([a, b], Scheme(), {}).route_of_uri("memo://1")
    assert route is not None
    assert route.backend == "a"
    both = [a, Published(backend="b", prefix="b", serves_resources=True)]
    assert build(both, Scheme(), {}).route_of_uri("memo://1") is None


def test_a_bare_name_stays_with_its_holder_over_rebuilds() -> None:
    late = Published(backend="a", prefix="a", tools=(tool("x"),), resources=(resource("u"),))
    early = Published(backend="b", prefix="b", tools=(tool("x"),), resources=(resource("u"),))
    scheme = Scheme(strategy="first-wins")
    first = build([early], scheme, {})
    then = build([late, early], scheme, first.holders)
    assert then.tools["x"].backend == "b"
    assert then.resources["u"].backend == "b"
    emptied = build([late, Published(backend="b", prefix="b")], scheme, then.holders)
    assert emptied.tools["x"].backend == "a"


def test_only_the_kinds_that_look_different_have_changed() -> None:
    before = build([Published(backend="a", prefix="a", tools=(tool("x"),))], Scheme(), {})
    same = build([Published(backend="a", prefix="a", tools=(tool("x"),))], Scheme(), before.holders)
    now = build([Published(backend="a", prefix="a", tools=(tool("x"),), templates=(template("t"),))], Scheme(), {})
    assert changed_kinds(before, same) == frozenset()
    assert changed_kinds(before, now) == {"templates"}


def test_names_that_clients_refuse_for_their_length_are_reported() -> None:
    catalog = build([Published(backend="a", prefix="a", tools=(tool("x" * 61), tool("x" * 62)))], Scheme(), {})
    assert catalog.too_long == ("a__" + "x" * 62,)


def test_only_firm_claims_become_holders_and_holders_stay() -> None:
    shown = {"tools": {"x": "b", "y": "a", "z": "b"}, "prompts": {"p": "b"}}
    held = holders_after({"tools": {"w": "b", "z": "c"}}, shown, {"a"})
    assert (held["tools"], held["prompts"]) == ({"w": "b", "z": "c", "y": "a"}, {})


def test_legacy_clients_see_a_tool_of_the_modern_era_as_they_can_read_it() -> None:
    modern = Entry(
        key="x", shown_name="x", fields=raw({"name": "x", "outputSchema": {}}), legacy_fields=raw({"name": "x"})
    )
    plain = Entry(key="y", shown_name="y", fields=raw({"name": "y"}))
    catalog = build([Published(backend="a", prefix="a", tools=(modern, plain))], Scheme(), {})
    assert json.loads(catalog.listed("tools", Era.MODERN).whole) == {
        "tools": [{"name": "a__x", "outputSchema": {}}, {"name": "a__y"}]
    }
    assert json.loads(catalog.listed("tools", Era.LEGACY).whole) == {"tools": [{"name": "a__x"}, {"name": "a__y"}]}


def test_there_is_one_list_where_both_eras_read_the_same() -> None:
    plain = Entry(key="y", shown_name="y", fields=raw({"name": "y"}))
    catalog = build([Published(backend="a", prefix="a", tools=(plain,))], Scheme(), {})
    assert catalog.listed("tools", Era.LEGACY) is catalog.listed("tools", Era.MODERN)


def test_a_name_with_characters_that_some_clients_refuse_is_noted() -> None:
    entries = tuple(Entry(key=n, shown_name=n, fields=raw({"name": n})) for n in ("a.b", "A-b_1", "ü", "a b"))
    catalog = build([Published(backend="a", prefix="", tools=entries)], Scheme(), {})
    assert catalog.not_portable == ("a.b", "ü", "a b")
