"""Completion: to the owner of what is referred to, in its own words; nothing to propose where there is no support."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from argus_trio.config.model.visibility import Filters, Globs
from argus_trio.errors import BackendError, BackendUnavailable, InvalidParams
from tests.backends.support.fakes import FakeBackend, Json, Refusal
from tests.backends.support.supervised import Supervised, bring_down, named, spec, supervised

NOTHING = {"completion": {"values": [], "total": 0, "hasMore": False}}
ARGUMENT = {"name": "a", "value": "x"}


async def propose(params: Json) -> Json:
    return {"completion": {"values": ["y"]}, "asked": params}


def proposing(**fields: object) -> FakeBackend:
    answers = {"completion/complete": propose}
    return FakeBackend(answers=answers, declares={"completions": {}}, **fields)  # type: ignore[arg-type]  # by name


async def complete(h: Supervised, kind: str, **ref: object) -> Json:
    return await h.ask("completion/complete", ref={"type": kind, **ref}, argument=ARGUMENT)


async def test_a_prompt_is_completed_by_its_backend_under_its_own_name(autojump_clock: MockClock) -> None:
    async with supervised({"a": proposing(prompts=named("p"))}) as h:
        answer = await complete(h, "ref/prompt", name="a__p", title="kept")
    ref = {"type": "ref/prompt", "name": "p", "title": "kept"}
    assert answer == {"completion": {"values": ["y"]}, "asked": {"ref": ref, "argument": ARGUMENT}}


async def test_a_template_and_a_resource_are_completed_by_their_owners(autojump_clock: MockClock) -> None:
    a = proposing(templates=[{"uriTemplate": "note://{id}", "name": "n"}])
    b = proposing(resources=[{"uri": "file:///x", "name": "x"}])
    async with supervised({"a": a, "b": b}) as h:
        await complete(h, "ref/resource", uri="note://{id}")
        assert a.seen[-1][1]["ref"] == {"type": "ref/resource", "uri": "note://{id}"}
        await complete(h, "ref/resource", uri="file:///x")
        assert b.seen[-1][0] == "completion/complete"


async def test_a_backend_without_completions_has_nothing_to_propose(autojump_clock: MockClock) -> None:
    a = FakeBackend(prompts=named("p"), answers={"completion/complete": propose})
    async with supervised({"a": a}) as h:
        assert await complete(h, "ref/prompt", name="a__p") == NOTHING
    assert "completion/complete" not in [method for method, _ in a.seen]


async def test_a_backend_of_the_oldest_revision_is_asked_though_it_declares_nothing(autojump_clock: MockClock) -> None:
    able = FakeBackend(prompts=named("p"), answers={"completion/complete": propose}, revision="2024-11-05")
    unable = FakeBackend(prompts=named("p"), revision="2024-11-05")
    async with supervised({"able": able, "unable": unable}) as h:
        assert (await complete(h, "ref/prompt", name="able__p"))["completion"] == {"values": ["y"]}
        assert await complete(h, "ref/prompt", name="unable__p") == NOTHING


async def test_another_error_of_a_backend_is_passed_on(autojump_clock: MockClock) -> None:
    async def refuse(_params: Json) -> Json:
        raise Refusal(-32602, "no such argument")

    old = FakeBackend(prompts=named("p"), answers={"completion/complete": refuse}, revision="2024-11-05")
    async with supervised({"old": old}) as h:
        with pytest.raises(BackendError):
            await complete(h, "ref/prompt", name="old__p")


async def test_a_backend_that_went_down_is_unavailable_for_completion(autojump_clock: MockClock) -> None:
    a = proposing(prompts=named("p"))
    async with supervised({"a": a}) as h:
        await h.supervisor.current.settle()
        await bring_down(a)
        with pytest.raises(BackendUnavailable):
            await complete(h, "ref/prompt", name="a__p")


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"ref": 7, "argument": ARGUMENT},
        {"ref": {"type": "ref/prompt", "name": "a__p"}},
        {"ref": {"type": "ref/prompt"}, "argument": ARGUMENT},
        {"ref": {"type": "ref/prompt", "name": "a__q"}, "argument": ARGUMENT},
        {"ref": {"type": "ref/tool", "name": "a__p"}, "argument": ARGUMENT},
        {"ref": {"type": "ref/resource", "uri": "other://{id}"}, "argument": ARGUMENT},
        {"ref": {"type": "ref/resource", "uri": "secret://{id}"}, "argument": ARGUMENT},
    ],
)
async def test_a_reference_that_leads_nowhere_is_refused(params: Json, autojump_clock: MockClock) -> None:
    hidden = Filters(resources=Globs(deny=("secret://*",)))
    templates: list[Json] = [{"uriTemplate": "secret://{id}", "name": "s"}, {"uriTemplate": "note://{id}", "name": "n"}]
    backends = {"a": proposing(prompts=named("p"), templates=templates), "b": proposing(templates=templates[1:])}
    async with supervised(backends, [spec("a", filters=hidden)]) as h:
        with pytest.raises(InvalidParams):
            await h.ask("completion/complete", **params)


async def test_a_resource_that_nobody_is_known_to_serve_is_completed_where_it_is(autojump_clock: MockClock) -> None:
    async def refuse(_params: Json) -> Json:
        raise Refusal(-32602, "Resource x://1 not found")

    listed: list[Json] = [{"uri": "u:1", "name": "u"}]
    silent, other, knowing = FakeBackend(resources=listed), proposing(), proposing(resources=listed)
    other.answers["completion/complete"] = refuse
    other.resources = listed
    async with supervised({"silent": silent, "other": other, "knowing": knowing}) as h:
        assert (await complete(h, "ref/resource", uri="x://1"))["completion"] == {"values": ["y"]}
        assert "completion/complete" in [method for method, _ in other.seen]
        knowing.answers["completion/complete"] = refuse
        with pytest.raises(InvalidParams):
            await complete(h, "ref/resource", uri="x://2")
