"""Fetching one list: page after page, what is invalid or too much left out and told, what is no list refused."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs
from trio.testing import MockClock

from argus_trio.backends.listings.fetch import list_all
from argus_trio.backends.listings.listing import METHODS
from argus_trio.backends.listings.pages import MAX_ENTRIES, MAX_PAGES
from argus_trio.core.catalog.catalog import KINDS
from argus_trio.errors import LinkFailed, RequestRefused
from argus_trio.wire.envelope import MAX_DEPTH
from tests.backends.support.fakes import FakeBackend, Json, Refusal, json_of
from tests.backends.support.supervised import named
from tests.backends.support.talk import talk


def answering_with(*pages: Json) -> FakeBackend:
    """One page for each question for tools, in order."""
    left = list(pages)

    async def answer(_params: Json) -> Json:
        return left.pop(0)

    return FakeBackend(answers={"tools/list": answer})


async def names(backend: FakeBackend, kind: str = "tools") -> list[str]:
    async with talk(backend) as t:
        return [name for name, _ in await list_all(t.connection, kind)]


def cursors(backend: FakeBackend) -> list[object]:
    return [params.get("cursor") for method, params in backend.seen if method == "tools/list"]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_is_asked_for_by_its_own_method_and_keyed_in_its_own_way(
    kind: str, autojump_clock: MockClock
) -> None:
    backend = FakeBackend(
        tools=named("tools"),
        prompts=named("prompts"),
        resources=[{"uri": "resources", "name": "r"}],
        templates=[{"uriTemplate": "templates", "name": "t"}],
    )
    assert await names(backend, kind) == [kind]
    assert backend.seen[-1] == (METHODS[kind], {})


async def test_the_pages_follow_the_cursors_and_the_entries_keep_their_order_and_their_fields(
    autojump_clock: MockClock,
) -> None:
    first: Json = {"tools": [{"name": "b", "title": "B"}], "nextCursor": "one"}
    backend = answering_with(first, {"tools": [], "nextCursor": "two"}, {"tools": [{"name": "a"}]})
    async with talk(backend) as t:
        entries = await list_all(t.connection, "tools")
    assert [(name, json_of(fields)) for name, fields in entries] == [
        ("b", '{"name":"b","title":"B"}'),
        ("a", '{"name":"a"}'),
    ]
    assert cursors(backend) == [None, "one", "two"]


@pytest.mark.parametrize("last", [None, ""])
async def test_a_cursor_that_is_empty_is_none(last: object, autojump_clock: MockClock) -> None:
    backend = answering_with({"tools": named("a"), "nextCursor": last})
    assert await names(backend) == ["a"]


async def test_what_is_no_valid_entry_is_left_out_and_its_number_told_for_each_page(autojump_clock: MockClock) -> None:
    first: Json = {"tools": [{"name": "a"}, {}, {"name": 7}, "text"], "nextCursor": "one"}
    backend = answering_with(first, {"tools": [{"name": "b"}, None]})
    with capture_logs() as logs:
        assert await names(backend) == ["a", "b"]
    assert [(entry["event"], entry["kind"], entry["count"]) for entry in logs] == [
        ("backend_entries_invalid", "tools", 3),
        ("backend_entries_invalid", "tools", 1),
    ]


async def test_what_is_too_much_is_cut_off_and_told_with_its_reason_once(autojump_clock: MockClock) -> None:
    async def endless(params: Json) -> Json:
        number = int(str(params.get("cursor", 0)))
        return {"tools": named(str(number)), "nextCursor": str(number + 1)}

    with capture_logs() as logs:
        assert len(await names(FakeBackend(answers={"tools/list": endless}))) == MAX_PAGES
    cut = [entry for entry in logs if entry["event"] == "backend_list_cut"]
    assert [(entry["kept"], entry["pages"]) for entry in cut] == [(MAX_PAGES, MAX_PAGES)]
    assert "pages" in cut[0]["reason"]
    huge = FakeBackend(tools=named(*map(str, range(MAX_ENTRIES + 1))), page_size=MAX_ENTRIES + 1)
    assert len(await names(huge)) == MAX_ENTRIES


async def test_a_list_that_is_whole_is_not_worth_a_word(autojump_clock: MockClock) -> None:
    with capture_logs() as logs:
        await names(FakeBackend(tools=named("a", "b"), page_size=1))
    assert logs == []


@pytest.mark.parametrize("answer", [{}, {"tools": {}}, {"tools": None}, {"prompts": []}])
async def test_an_answer_that_is_no_list_is_refused_with_the_method_be_it_on_a_later_page(
    answer: Json, autojump_clock: MockClock
) -> None:
    for pages in ((answer,), ({"tools": named("a"), "nextCursor": "one"}, answer)):
        async with talk(answering_with(*pages)) as t:
            with pytest.raises(LinkFailed, match="its answer to tools/list is no list"):
                await list_all(t.connection, "tools")


async def test_a_list_that_nests_too_deeply_for_clients_is_refused(autojump_clock: MockClock) -> None:
    deep: object = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    async with talk(answering_with({"tools": [{"name": "a", "_meta": {"x": deep}}]})) as t:
        with pytest.raises(LinkFailed, match=r"its answer to tools/list is no list: .*nested deeper than 128 levels"):
            await list_all(t.connection, "tools")


async def test_a_refusal_of_the_backend_is_passed_on(autojump_clock: MockClock) -> None:
    async def refuse(_params: Json) -> Json:
        raise Refusal(-32603, "not today")

    async with talk(FakeBackend(answers={"tools/list": refuse})) as t:
        with pytest.raises(RequestRefused, match="not today"):
            await list_all(t.connection, "tools")
