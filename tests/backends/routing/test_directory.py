"""Whose a name or a URI is, and for which backends that are starting the answer waits."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from argus_trio.backends.generation import Generation
from argus_trio.backends.generations import Generations
from argus_trio.backends.routing.directory import Directory, ToolHeaders
from argus_trio.backends.routing.resources import owners_of
from argus_trio.backends.scope.scope import Scope
from argus_trio.config.model.visibility import Filters, Globs
from argus_trio.core.access.target import Target
from argus_trio.core.call.abilities import NONE, Abilities
from argus_trio.core.call.exchange import Call
from argus_trio.core.call.unknown_targets import unknown_resource
from argus_trio.errors import BackendUnavailable, InvalidParams, LinkFailed, ResourceUnknown
from argus_trio.wire.envelope import encode_raw
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import FakeExchange, Json, raw
from tests.backends.support.generations import GRACE_SECONDS, connects, generation_of, idle_scope, lists

ROOTS = Abilities(roots=True)


def call(abilities: Abilities = NONE, era: Era = Era.LEGACY) -> Call:
    return FakeExchange("tools/call", abilities=abilities, era=era).call


async def whose(generation: Generation, name: str, abilities: Abilities = NONE, kind: str = "tools") -> tuple[str, str]:
    """The backend that has this name, and what it calls it."""
    scope, route = await Directory(generation).named(call(abilities), kind, name)
    return scope.spec.name, route.key


def ready(name: str, *tools: str, **fields: object) -> Scope:
    scope = idle_scope(name, **fields)
    connects(scope, *tools)
    return scope


def generation(*scopes: Scope, **naming: object) -> Generation:
    made = generation_of(*scopes, **naming)  # type: ignore[arg-type]  # naming has no field of the others
    made.rebuild()
    return made


async def later(seconds: float, made: Generation, scope: Scope, *tools: str) -> None:
    """The backend connects after so many seconds."""
    await trio.sleep(seconds)
    connects(scope, *tools)
    made.rebuild()


async def fails(seconds: float, scope: Scope) -> None:
    """The backend fails to connect after so many seconds."""
    await trio.sleep(seconds)
    scope.recovery.failed(LinkFailed("no such program"))
    scope.shared.settled.set()


@pytest.mark.parametrize(
    ("strategy", "name", "owner"),
    [
        ("prefix", "a__x", "a"),
        ("prefix", "b__x", "b"),
        ("prefix", "x", None),
        ("first-wins", "x", "b"),
        ("first-wins", "a__x", None),
        ("priority", "x", "b"),
        ("priority", "a__x", "a"),
        ("error", "x", None),
        ("error", "y", "a"),
    ],
)
async def test_the_owner_of_a_name_is_found_as_the_strategy_has_it_shown(
    strategy: str, name: str, owner: str | None
) -> None:
    made = generation(ready("a", "x", "y"), ready("b", "x"), strategy=strategy, order=("b", "a"))
    if owner is None:
        with pytest.raises(InvalidParams, match=f"unknown tool: {name}"):
            await whose(made, name)
    else:
        assert await whose(made, name) == (owner, name[-1])


async def test_a_name_that_nobody_shows_is_unknown_by_its_kind_and_cut_to_a_length() -> None:
    made = generation(ready("a", "x"))
    with pytest.raises(InvalidParams, match=r"unknown prompt: y{200}$"):
        await whose(made, "y" * 500, kind="prompts")


async def test_what_only_clients_with_certain_abilities_are_shown_is_found_for_those_alone() -> None:
    scope = ready("a", "x")
    lists(scope, "x", "roots", to=ROOTS)
    made = generation(scope)
    assert await whose(made, "a__roots", ROOTS) == ("a", "roots")
    with pytest.raises(InvalidParams):
        await whose(made, "a__roots")


async def test_a_name_that_everybody_is_shown_waits_for_nobody(autojump_clock: MockClock) -> None:
    scope = ready("a", "x")
    made = generation(scope, idle_scope("starting"))
    assert await whose(made, "a__x", ROOTS) == ("a", "x")
    assert made.abilities == (), "nothing was made for it"
    assert trio.current_time() == 0


async def test_a_prefixed_name_waits_for_its_own_backend_and_for_no_other(autojump_clock: MockClock) -> None:
    starting = idle_scope("b")
    made = generation(starting, idle_scope("stuck"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(later, 3, made, starting, "x")
        assert await whose(made, "b__x") == ("b", "x")
        assert trio.current_time() == pytest.approx(3)


async def test_a_backend_that_fails_at_its_start_is_said_to_be_unavailable(autojump_clock: MockClock) -> None:
    starting = idle_scope("b")
    made = generation(starting)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(fails, 2, starting)
        with pytest.raises(BackendUnavailable, match="no such program"):
            await whose(made, "b__x")
    assert trio.current_time() == pytest.approx(2)


async def test_a_name_that_a_backend_does_not_list_is_unknown_once_it_has_listed(autojump_clock: MockClock) -> None:
    starting = idle_scope("b")
    made = generation(starting)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(later, 2, made, starting, "y")
        with pytest.raises(InvalidParams):
            await whose(made, "b__x")


async def test_one_that_has_listed_and_is_down_owns_no_other_names() -> None:
    scope = ready("b", "x")
    scope.recovery.failed(LinkFailed("gone"))
    made = generation(scope)
    assert await whose(made, "b__x") == ("b", "x")
    with pytest.raises(InvalidParams):
        await whose(made, "b__y")


async def test_a_name_without_a_known_prefix_waits_for_all_within_the_grace(autojump_clock: MockClock) -> None:
    made = generation(ready("a", "x"), idle_scope("stuck"))
    with pytest.raises(InvalidParams):
        await whose(made, "y")
    assert trio.current_time() == pytest.approx(GRACE_SECONDS)


@pytest.mark.parametrize("strategy", ["first-wins", "priority", "error"])
async def test_a_bare_name_waits_until_all_who_may_have_it_have_listed(
    strategy: str, autojump_clock: MockClock
) -> None:
    first = idle_scope("first")
    made = generation(first, ready("second", "y"), strategy=strategy)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(later, 3, made, first, "x")
        assert await whose(made, "y") == ("second", "y")
        assert trio.current_time() == pytest.approx(3)


def serves(scope: Scope, resources: Iterable[str] = (), templates: Iterable[str] = ()) -> None:
    """The backend has connected, and listed these."""
    connects(scope)
    handshake = scope.shared.handshake
    assert handshake is not None
    handshake.capabilities.update(raw({"resources": {}}))
    scope.listings.keep(
        NONE,
        {
            "resources": [(uri, raw({"uri": uri, "name": uri})) for uri in resources],
            "templates": [(uri, raw({"uriTemplate": uri, "name": uri})) for uri in templates],
        },
    )


async def server(made: Generation, uri: str, *, by_reference: bool = False) -> str | None:
    """The first backend that is known to serve it."""
    owners = await owners_of(Directory(made), call(), uri, by_reference=by_reference)
    return next((owner.scope.spec.name for owner in owners if not owner.is_guess), None)


async def test_a_resource_is_served_by_who_lists_it_or_else_by_the_template_that_means_it() -> None:
    one, other = idle_scope("one"), idle_scope("other")
    serves(one, ["a:1"], ["b:{id}"])
    serves(other, ["a:2", "b:7"])
    made = generation(one, other)
    assert [await server(made, uri) for uri in ("a:1", "a:2", "b:7", "b:8", "c:1")] == [
        "one",
        "other",
        "other",
        "one",
        None,
    ]


async def test_the_only_backend_that_serves_resources_serves_those_too_that_it_does_not_list() -> None:
    one = idle_scope("one")
    serves(one, ["a:1"])
    assert await server(generation(one, ready("tools", "x")), "c:1") == "one"


async def test_what_a_filter_hides_is_served_by_nobody_whatever_leads_to_it() -> None:
    hiding = idle_scope("hiding", filters=Filters(resources=Globs(deny=("*secret*",))))
    serves(hiding, ["a:1", "a:secret"], ["b:{id}"])
    made = generation(hiding)
    for by_reference in (False, True):
        shown = [await server(made, uri, by_reference=by_reference) for uri in ("a:1", "b:1", "c:1")]
        assert shown == ["hiding"] * 3
        hidden = [await server(made, uri, by_reference=by_reference) for uri in ("a:secret", "b:secret", "c:secret")]
        assert hidden == [None] * 3


async def test_a_reference_may_be_a_template_as_it_is_spelled() -> None:
    one, other = idle_scope("one"), idle_scope("other")
    serves(one, ["a:1"], ["b:{+rest}"])
    serves(other, ["a:2"], ["b:{id}"])
    made = generation(one, other)
    assert await server(made, "b:{id}", by_reference=True) == "other"
    assert await server(made, "a:2", by_reference=True) == "other"
    assert await server(made, "c:{id}", by_reference=True) is None


@pytest.mark.parametrize("by_reference", [False, True])
async def test_a_uri_that_nobody_serves_yet_waits_for_the_backends_that_are_starting(
    by_reference: bool, autojump_clock: MockClock
) -> None:
    starting = idle_scope("b")
    made = generation(starting)

    async def start() -> None:
        await trio.sleep(2)
        serves(starting, ["a:1"])
        made.rebuild()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(start)
        assert await server(made, "a:1", by_reference=by_reference) == "b"
    assert trio.current_time() == pytest.approx(2)


def test_an_unknown_resource_is_told_in_the_words_of_the_clients_era() -> None:
    legacy = unknown_resource(call(), "a:1")
    assert isinstance(legacy, ResourceUnknown)
    assert legacy.data == {"uri": "a:1"}
    modern = unknown_resource(call(era=Era.MODERN), "a:1")
    assert isinstance(modern, InvalidParams)
    assert (modern.message, modern.data) == ("unknown resource: a:1", {"uri": "a:1"})


def annotated(header: str) -> Json:
    return {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": header}}}


def lists_with_header(scope: Scope, name: str, header: str, to: Abilities = NONE) -> None:
    before = dict((scope.listings.of(to) or {}).get("tools", ()))
    tools = {**before, name: raw({"name": name, "inputSchema": annotated(header)})}
    scope.listings.keep(to, {"tools": list(tools.items())})


async def test_the_headers_of_a_tool_are_those_of_its_schema_as_this_client_is_shown_it() -> None:
    scope = ready("b", "x")
    lists_with_header(scope, "y", "Everybodys")
    lists_with_header(scope, "y", "Mine", to=ROOTS)
    lists_with_header(scope, "z", "Only", to=ROOTS)
    made = generation(scope)
    headers = ToolHeaders(Generations(made, lambda: None))
    assert await headers(call(), "b__y") == ((("region",), "Everybodys"),)
    assert await headers(call(), "b__x") == ()
    assert await headers(call(), "b__z") == ()
    assert await headers(call(ROOTS), "b__y") == ((("region",), "Everybodys"),), "nothing was made for it yet"
    assert made.abilities == ()
    assert await headers(call(ROOTS), "b__z") == ((("region",), "Only"),)
    assert await headers(call(ROOTS), "b__y") == ((("region",), "Mine"),)


async def test_the_headers_are_those_of_the_generation_in_effect() -> None:
    old, new = ready("b"), ready("b")
    lists_with_header(old, "y", "Old")
    lists_with_header(new, "y", "New")
    generations = Generations(generation(old), lambda: None)
    headers = ToolHeaders(generations)
    generations.install(generation(new))
    assert await headers(call(), "b__y") == ((("region",), "New"),)


def aimed(made: Generation, method: str, **params: str) -> Target | None:
    asked = call()
    given = {key: encode_raw(value) for key, value in params.items()}
    return Directory(made).target(replace(asked, method=method, params=given))


async def test_what_a_call_is_aimed_at_is_known_without_waiting() -> None:
    docs = idle_scope("docs")
    serves(docs, ["file:///a"], ["t:{x}"])
    made = generation(docs, ready("web", "read"))
    tool = Target(kind="tool", shown="web__read", backend="web", own="read")
    assert aimed(made, "tools/call", name="web__read") == tool
    assert aimed(made, "tools/call", name="web__none") is None
    assert aimed(made, "tools/call") is None
    assert aimed(made, "prompts/get", name="web__read") is None
    for uri, own in (("file:///a", "file:///a"), ("FILE:///a", "file:///a"), ("t:1", "t:1")):
        found = aimed(made, "resources/read", uri=uri)
        assert found == Target(kind="resource", shown=uri, backend="docs", own=own)
    assert aimed(made, "resources/list") == Target(kind="method", shown="resources/list")
    assert aimed(made, "acme/x", uri="file:///a") == Target(kind="method", shown="acme/x")


async def test_whose_a_bare_name_is_counts_only_once_all_have_listed() -> None:
    starting = idle_scope("b")
    made = generation(ready("a", "x"), starting, strategy="first-wins", order=("b",))
    assert made.catalog.tools["x"].backend == "a"
    assert aimed(made, "tools/call", name="x") is None
    connects(starting, "x")
    made.rebuild()
    assert made.is_settled
    found = aimed(made, "tools/call", name="x")
    assert found is not None
    assert found.backend == made.catalog.tools["x"].backend
