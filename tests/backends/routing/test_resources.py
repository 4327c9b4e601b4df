"""Resources that are spelled otherwise than listed, that were given out, or that nobody is known to serve."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from argus_trio.backends.routing.resources import MOST_ASKED
from argus_trio.config.model.visibility import Filters, Globs
from argus_trio.errors import (
    BackendError,
    BackendUnavailable,
    DeadlineExceeded,
    InvalidParams,
    ResourceUnknown,
)
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import Answer, FakeBackend, FakeExchange, Json, Refusal, empty, listen_and_agree
from tests.backends.support.scopes import Session
from tests.backends.support.supervised import Supervised, bring_down, named, spec, supervised

UPDATED = "notifications/resources/updated"
ERAS = pytest.mark.parametrize("era", [Era.LEGACY, Era.MODERN])


def listing(
    *uris: str,
    templates: tuple[str, ...] = (),
    era: Era = Era.LEGACY,
    answers: Mapping[str, Answer] = MappingProxyType({}),
) -> FakeBackend:
    return FakeBackend(
        era=era,
        tools=named("x"),
        prompts=named("p"),
        resources=[{"uri": uri, "name": uri} for uri in uris],
        templates=[{"uriTemplate": template, "name": template} for template in templates],
        answers={
            "resources/subscribe": empty,
            "resources/unsubscribe": empty,
            "subscriptions/listen": listen_and_agree,
            **answers,
        },
    )


def asked(backend: FakeBackend, method: str = "resources/read") -> list[object]:
    return [params["uri"] for name, params in backend.seen if name == method]


def refusing(code: int, message: str) -> Answer:
    async def refuse(_params: Json) -> Json:
        raise Refusal(code, message)

    return refuse


def linking(uri: str) -> Answer:
    async def answer(_params: Json) -> Json:
        return {"content": [{"type": "resource_link", "uri": uri, "name": "n"}]}

    return answer


async def subscribe(h: Supervised, uri: str, session: Session, verb: str = "subscribe") -> None:
    await h.supervisor.generations.serve(FakeExchange(f"resources/{verb}", {"uri": uri}, client=session))


@ERAS
@pytest.mark.parametrize(
    ("listed", "spelled"),
    [
        ("note://h/a b", "note://h/a%20b"),
        ("https://h", "https://h/"),
        ("NOTE://h/x", "note://h/x"),
        ("note://h/ü", "note://h/%C3%BC"),
        ("https://münchen.de/x", "https://xn--mnchen-3ya.de/x"),
        ("http://h:80/a/../b", "http://h/b"),
    ],
)
async def test_a_listed_resource_is_read_and_subscribed_to_however_a_library_spells_it(
    era: Era, listed: str, spelled: str, autojump_clock: MockClock
) -> None:
    a, b, session = listing(listed, era=era), listing("b:1", era=era), Session()
    async with supervised({"b": b, "a": a}) as h:
        assert (await h.ask("resources/read", uri=spelled))["params"]["uri"] == listed  # type: ignore[index]
        await subscribe(h, spelled, session)
        await a.links[0].says(UPDATED, {"uri": listed})
        await wait_all_tasks_blocked()
        assert session.told == [(UPDATED, {"uri": spelled})], "in the words of its client"
        await subscribe(h, listed, session, "unsubscribe")
        await a.links[0].says(UPDATED, {"uri": listed})
        await wait_all_tasks_blocked()
        assert len(session.told) == 1
    assert asked(a) == [listed]
    assert asked(b) == []


async def test_a_session_with_its_own_connection_subscribes_in_the_backends_words_and_hears_its_own(
    autojump_clock: MockClock,
) -> None:
    a, session = listing("note://h/a b"), Session()
    async with supervised({"a": a, "b": listing("b:1")}, [spec("a", session="per-client")]) as h:
        await subscribe(h, "note://h/a%20b", session)
        assert asked(a, "resources/subscribe") == ["note://h/a b"]
        await a.links[1].says(UPDATED, {"uri": "note://h/a b"})
        await wait_all_tasks_blocked()
        assert session.told == [(UPDATED, {"uri": "note://h/a%20b"})]


async def test_a_template_is_completed_however_it_is_spelled(autojump_clock: MockClock) -> None:
    async def propose(params: Json) -> Json:
        return {"completion": {"values": ["y"]}, "asked": params["ref"]}

    a = listing(templates=("note://h/a b/{id}",), answers={"completion/complete": propose})
    a.declares = {"completions": {}}
    async with supervised({"b": listing("b:1"), "a": a}) as h:
        ref = {"type": "ref/resource", "uri": "note://h/a%20b/%7Bid%7D"}
        answer = await h.ask("completion/complete", ref=ref, argument={"name": "id", "value": ""})
        assert answer["asked"] == {"type": "ref/resource", "uri": "note://h/a b/{id}"}


@ERAS
@pytest.mark.parametrize("method", ["tools/call", "prompts/get", "resources/read", "update"])
async def test_what_a_backend_gave_out_is_read_there_though_no_list_names_it(
    era: Era, method: str, autojump_clock: MockClock
) -> None:
    uri = "x://h/a b"
    results: Json = {
        "tools/call": {"content": [{"type": "resource_link", "uri": uri, "name": "n"}]},
        "prompts/get": {"messages": [{"role": "user", "content": {"type": "resource", "resource": {"uri": uri}}}]},
        "resources/read": {"contents": [{"uri": uri, "text": ""}]},
    }

    async def answer(_params: Json) -> Json:
        result = results[method]
        assert isinstance(result, dict)
        return result

    a = listing("x://h/1", era=era)
    b = listing("b:1", era=era, answers={} if method == "update" else {method: answer})
    async with supervised({"a": a, "b": b}) as h:
        await h.supervisor.current.settle()
        if method == "update":
            await b.links[0].says(UPDATED, {"uri": uri})
        elif method == "resources/read":
            await h.ask(method, uri="b:1")
        else:
            await h.ask(method, name="b__x" if method == "tools/call" else "b__p")
        await h.ask("resources/read", uri="x://h/a%20b")
    assert asked(b)[-1] == uri
    assert asked(a) == [], "although it lists others like it"


async def test_who_gave_it_out_is_asked_after_whose_template_means_it(autojump_clock: MockClock) -> None:
    a = FakeBackend(templates=[{"uriTemplate": "x://{id}", "name": "n"}], absent=("x://1",))
    b = listing("b:1", answers={"tools/call": linking("x://1")})
    async with supervised({"a": a, "b": b}) as h:
        await h.ask("tools/call", name="b__x")
        await h.ask("resources/read", uri="x://1")
        assert (asked(a), asked(b)) == (["x://1"], ["x://1"])
        await h.ask("resources/read", uri="x://2")
        assert asked(b) == ["x://1"]


async def test_what_was_given_out_is_known_to_the_successor_of_its_backend(autojump_clock: MockClock) -> None:
    new = listing("b:1")
    b = listing("b:1", answers={"tools/call": linking("x://1")})
    async with supervised({"a": listing("a:1"), "b": b}, spare={"new": new}) as h:
        await h.ask("tools/call", name="b__x")
        changed = {**h.supervisor.config.backends, "b": attrs.evolve(spec("b"), command="new")}
        await h.supervisor.apply(attrs.evolve(h.supervisor.config, backends=changed))
        await trio.sleep(1)
        await h.ask("resources/read", uri="x://1")
    assert asked(new) == ["x://1"]


@ERAS
async def test_a_uri_like_no_other_is_asked_for_in_order_until_one_does_not_say_that_it_is_not_there(
    era: Era, autojump_clock: MockClock
) -> None:
    said = {"a": (-32002, "no"), "b": (-32602, "no"), "c": (0, "Unknown resource: x")}
    backends = {
        name: listing(f"{name}:1", answers={"resources/read": refusing(*error)}) for name, error in said.items()
    }
    backends |= {"d": listing("d:1", era=era), "e": listing("e:1")}
    async with supervised(backends) as h:
        await h.ask("resources/read", uri="x://1")
        assert [asked(backend) for backend in backends.values()] == [["x://1"]] * 4 + [[]]
        await h.ask("resources/read", uri="x://1")
        assert [len(asked(backend)) for backend in backends.values()] == [1, 1, 1, 2, 0], "who had it is remembered"


async def test_another_error_of_who_is_asked_is_the_answer(autojump_clock: MockClock) -> None:
    a = listing("a:1", answers={"resources/read": refusing(-32603, "permission denied")})
    b = listing("b:1")
    async with supervised({"a": a, "b": b}) as h:
        with pytest.raises(BackendError) as told:
            await h.ask("resources/read", uri="x://1")
        assert b"permission denied" in told.value.encoded
    assert asked(b) == []


async def test_where_nobody_has_it_that_is_told_in_the_words_of_the_clients_era(autojump_clock: MockClock) -> None:
    backends = {name: FakeBackend(resources=[{"uri": f"{name}:1", "name": "n"}], absent=("",)) for name in "ab"}
    async with supervised(backends) as h:
        with pytest.raises(ResourceUnknown):
            await h.ask("resources/read", uri="x://1")
        with pytest.raises(InvalidParams):
            await h.supervisor.generations.serve(FakeExchange("resources/read", {"uri": "x://1"}, era=Era.MODERN))


async def test_who_lists_others_like_it_is_asked_alone_and_its_own_words_are_told(autojump_clock: MockClock) -> None:
    a, b = listing("x://h/1", answers={"resources/read": refusing(-32002, "mine, but gone")}), listing("y://h/1")
    async with supervised({"b": b, "a": a}) as h:
        with pytest.raises(BackendError) as told:
            await h.ask("resources/read", uri="x://H/2")
        assert b"mine, but gone" in told.value.encoded
    assert asked(b) == []


async def test_no_more_than_so_many_are_asked(autojump_clock: MockClock) -> None:
    names = [f"b{number}" for number in range(MOST_ASKED + 2)]
    backends = {name: listing(f"{name}:1", answers={"resources/read": refusing(-32002, "no")}) for name in names}
    async with supervised(backends) as h:
        with pytest.raises(ResourceUnknown):
            await h.ask("resources/read", uri="x://1")
    assert sum(len(asked(backend)) for backend in backends.values()) == MOST_ASKED


async def test_who_is_down_is_asked_last_and_may_be_the_one(autojump_clock: MockClock) -> None:
    a, b = listing("a:1"), listing("b:1")
    async with supervised({"a": a, "b": b}) as h:
        await h.supervisor.current.settle()
        await bring_down(a)
        await h.ask("resources/read", uri="x://1")
        b.absent = ("",)
        with pytest.raises(BackendUnavailable, match="'a'"):
            await h.ask("resources/read", uri="x://2")


async def test_all_who_are_asked_after_the_first_have_one_deadline_together(autojump_clock: MockClock) -> None:
    def slow(seconds: float) -> Answer:
        async def answer(_params: Json) -> Json:
            await trio.sleep(seconds)
            raise Refusal(-32002, "no")

        return answer

    backends = {name: listing(f"{name}:1", answers={"resources/read": slow(6)}) for name in "abcd"}
    async with supervised(backends) as h:
        await h.supervisor.current.settle()
        began = trio.current_time()
        with pytest.raises(DeadlineExceeded):
            await h.ask("resources/read", uri="x://1")
        assert trio.current_time() - began == pytest.approx(16)
        assert asked(backends["d"]) == []


@pytest.mark.parametrize("uri", ["SECRET://h/1", "secret://h/a%2e", "secret://h/a/../1"])
async def test_what_a_filter_hides_is_hidden_in_every_spelling(uri: str, autojump_clock: MockClock) -> None:
    hidden = Filters(resources=Globs(deny=("secret://h/1", "secret://h/a.")))
    a = listing("a:1", answers={"tools/call": linking("secret://h/1")})
    async with supervised({"a": a}, [spec("a", filters=hidden)]) as h:
        await h.ask("tools/call", name="a__x")
        with pytest.raises(ResourceUnknown):
            await h.ask("resources/read", uri=uri)
    assert asked(a) == []


async def test_what_a_filter_allows_is_allowed_in_every_spelling_and_nothing_else(autojump_clock: MockClock) -> None:
    shown = Filters(resources=Globs(allow=("file:///my docs/*",)))
    a = listing("file:///my docs/1")
    async with supervised({"a": a}, [spec("a", filters=shown)]) as h:
        await h.ask("resources/read", uri="file:///my%20docs/2")
        for uri in ("file:///other", "file:///my docs/../other"):
            with pytest.raises(ResourceUnknown):
                await h.ask("resources/read", uri=uri)
    assert asked(a) == ["file:///my%20docs/2"]


async def test_who_subscribes_to_what_nobody_is_known_to_serve_subscribes_where_it_is(
    autojump_clock: MockClock,
) -> None:
    a, b, session = listing("a:1"), listing("b:1"), Session()
    a.answers["resources/read"] = refusing(-32002, "no")
    async with supervised({"a": a, "b": b}) as h:
        await subscribe(h, "x://1", session)
        assert (asked(a, "resources/subscribe"), asked(b, "resources/subscribe")) == ([], ["x://1"])
        await b.links[0].says(UPDATED, {"uri": "x://1"})
        await wait_all_tasks_blocked()
        assert session.told == [(UPDATED, {"uri": "x://1"})]
        await subscribe(h, "x://1", session, "unsubscribe")
        assert (asked(a, "resources/unsubscribe"), asked(b, "resources/unsubscribe")) == ([], ["x://1"])


async def test_what_is_nowhere_cannot_be_subscribed_to(autojump_clock: MockClock) -> None:
    a, b = (listing(f"{name}:1", answers={"resources/read": refusing(-32002, "no")}) for name in "ab")
    async with supervised({"a": a, "b": b}) as h:
        with pytest.raises(ResourceUnknown):
            await subscribe(h, "x://1", Session())
    assert asked(a, "resources/subscribe") == asked(b, "resources/subscribe") == []
