"""Changes of lists are told to those whose lists changed, and to nobody else: four roles and three views."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import trio
from trio.testing import MockClock

from argus_trio.core.access.principal import Principal
from argus_trio.frontend.notifications.announcer import MERGE_SECONDS, PROMPTS, RESOURCES, TOOLS
from tests.backends.support.fakes import FakeBackend, Json
from tests.backends.support.supervised import named
from tests.perspectives.whole import AUTHENTICATION, Asked, Whole, config_of, whole

ROLES = ("admin", "reader", "writer", "guest")
PEOPLE = {role: Principal(name=role, roles=frozenset({role})) for role in ROLES}
VIEWS = ("", "safe", "docs", "wide")
EVERYBODY = frozenset((role, view) for role in ROLES for view in VIEWS)
RULES = {
    "admin": 'allow: ["*"]',
    "reader": 'allow: ["tool:docs__*", "resource:*", "prompt:*"], deny: ["tool:docs__write*"]',
    "writer": 'allow: ["backend:notes"]',
    "guest": 'allow: ["tool:docs__read"], views: [safe]',
}
SEEN = {
    "safe": "{tools: {deny: ['*write*']}}",
    "docs": "{backends: [docs]}",
    "wide": "{}",
}


def config(rules: Mapping[str, str] = RULES, views: Mapping[str, str] = SEEN, order: str = "first-wins") -> str:
    roles = ", ".join(f"{name}: {{{rule}}}" for name, rule in rules.items())
    shown = ", ".join(f"{name}: {view}" for name, view in views.items())
    return f"""
backends: {{docs: {{type: stdio, command: x}}, notes: {{type: stdio, command: x}}}}
middleware: {AUTHENTICATION}
  - {{type: rbac, roles: {{{roles}}}}}
views: {{{shown}}}
"""


def backends() -> dict[str, FakeBackend]:
    return {
        "docs": FakeBackend(tools=named("read", "write"), resources=[{"uri": "file:///d", "name": "d"}]),
        "notes": FakeBackend(tools=named("add")),
    }


Listening = dict[tuple[str, str], Asked]


async def listening(gateway: Whole) -> Listening:
    found = {(role, view): gateway.listening(role, view) for role, view in sorted(EVERYBODY)}
    await trio.sleep(2)
    return found


async def told(streams: Listening, method: str, before: Mapping[tuple[str, str], int]) -> frozenset[tuple[str, str]]:
    await trio.sleep(2 * MERGE_SECONDS)
    return frozenset(each for each, stream in streams.items() if stream.told.count(method) > before[each])


async def lists(gateway: Whole) -> dict[tuple[str, str], list[object]]:
    return {(role, view): await gateway.names(role, view) for role, view in sorted(EVERYBODY)}


async def changed_by(gateway: Whole, new: str) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    """Whose tools a reload changes, and who is told of that."""
    streams = await listening(gateway)
    before = {each: stream.told.count(TOOLS) for each, stream in streams.items()}
    lists_before = await lists(gateway)
    await gateway.reload(config_of(new))
    heard = await told(streams, TOOLS, before)
    lists_now = await lists(gateway)
    return frozenset(each for each in EVERYBODY if lists_before[each] != lists_now[each]), heard


@pytest.mark.parametrize(
    ("new", "whose"),
    [
        (config(), 0),
        (config(RULES | {"reader": 'allow: ["tool:*"], deny: ["tool:*write*"]'}), 3),
        (config(RULES | {"guest": 'allow: ["tool:docs__read"]'}), 3),
        (config(RULES | {"admin": 'allow: ["*"], deny: ["resource:nothing"]'}), 0),
        (config(views=SEEN | {"safe": "{tools: {deny: ['*add']}}"}), 2),
        (config(views=SEEN | {"docs": "{backends: [docs, notes]}"}), 2),
        (config(RULES | {"reader": 'deny: ["*"]'}, SEEN | {"wide": "{backends: [notes]}"}), 5),
    ],
)
async def test_a_reload_of_rules_or_views_tells_those_whose_lists_it_changes(
    autojump_clock: MockClock, new: str, whose: int
) -> None:
    async with whole(config_of(config()), backends(), PEOPLE) as gateway:
        changed, heard = await changed_by(gateway, new)
        assert heard == changed
        assert len(changed) == whose


async def test_a_backend_that_changes_is_told_of_to_those_who_see_it(autojump_clock: MockClock) -> None:
    found = backends()
    async with whole(config_of(config()), found, PEOPLE) as gateway:
        streams = await listening(gateway)
        for backend, tool, method in (("notes", "drop", TOOLS), ("docs", "write_all", TOOLS), ("docs", "", RESOURCES)):
            before = {each: stream.told.count(method) for each, stream in streams.items()}
            lists_before = await lists(gateway)
            if tool:
                found[backend].tools += named(tool)
                await found[backend].links[0].says("notifications/tools/list_changed", {})
            else:
                found[backend].resources.append({"uri": "file:///e", "name": "e"})
                await found[backend].links[0].says("notifications/resources/list_changed", {})
            heard = await told(streams, method, before)
            if tool:
                now = await lists(gateway)
                assert heard == frozenset(each for each in EVERYBODY if lists_before[each] != now[each])
            else:
                assert {role for role, _ in heard} == {"admin", "reader"}
            assert heard
            assert heard != EVERYBODY


async def test_a_change_that_is_none_is_told_to_those_who_see_the_backend(autojump_clock: MockClock) -> None:
    found = backends()
    async with whole(config_of(config()), found, PEOPLE) as gateway:
        streams = await listening(gateway)
        before = {each: stream.told.count(TOOLS) for each, stream in streams.items()}
        await found["notes"].links[0].says("notifications/tools/list_changed", {})
        await trio.sleep(1)
        heard = await told(streams, TOOLS, before)
        assert heard == {(role, view) for role in ("admin", "writer") for view in ("", "safe", "wide")}


async def test_what_is_held_back_is_told_to_each_whom_one_of_it_concerns(autojump_clock: MockClock) -> None:
    found = backends()
    async with whole(config_of(config()), found, PEOPLE) as gateway:
        streams = await listening(gateway)
        before = {each: stream.told.count(TOOLS) for each, stream in streams.items()}
        found["notes"].tools = named("add", "drop")
        await found["notes"].links[0].says("notifications/tools/list_changed", {})
        await trio.sleep(MERGE_SECONDS / 4)
        await gateway.reload(config_of(config(RULES | {"reader": 'allow: ["tool:docs__*"]'})))
        await gateway.reload(config_of(config(RULES | {"reader": 'allow: ["tool:docs__r*"]'})))
        heard = await told(streams, TOOLS, before)
        assert {role for role, _ in heard} == {"admin", "writer", "reader"}
        assert ("reader", "") in heard
        assert ("admin", "docs") not in heard


async def test_prompts_and_a_session_of_a_view_are_told_of_as_well(autojump_clock: MockClock) -> None:
    found = backends()
    found["docs"].prompts = [{"name": "p"}]
    async with whole(config_of(config()), found, PEOPLE) as gateway:
        streams: dict[tuple[str, str], Asked] = {}
        for role, view in (("admin", ""), ("admin", "docs"), ("writer", "")):
            session = await gateway.session(role, view)
            headers = {"accept": "text/event-stream", **session}
            streams[role, view] = gateway.begin(role, "GET", f"/mcp/{view}".rstrip("/"), headers)
        await trio.sleep(1)
        before = dict.fromkeys(streams, 0)
        more: Json = {"name": "q"}
        found["docs"].prompts.append(more)
        await found["docs"].links[0].says("notifications/prompts/list_changed", {})
        assert await told(streams, PROMPTS, before) == {("admin", ""), ("admin", "docs")}
