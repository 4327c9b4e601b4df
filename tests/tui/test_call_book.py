"""The book of calls: what is under way, what is asked, what is over; all of it bounded."""

from __future__ import annotations

import attrs
import pytest

from argus_trio.contract.calls import ANSWER_ASK, CALL_TOOL
from argus_trio.tui.calls import book as books
from argus_trio.tui.calls.asks import answer, host_of
from argus_trio.tui.calls.book import CallBook, heard, noted
from argus_trio.tui.calls.call import LINES_KEPT
from argus_trio.tui.calls.start import again, prompt_get, resource_read, tool_call
from argus_trio.tui.effect import Fetch, GiveUpCall, StartCall, Tell
from argus_trio.tui.message import CallBroke, Fetched, FetchFailed
from tests.tui.calling import NOW, START, ask_event, book_after, came, effects_after, happening, result_of, text_block


def test_a_call_is_under_way_as_soon_as_it_is_begun() -> None:
    book = noted(CallBook(), START, NOW)
    assert (book.under_way[1].target, book.under_way[1].kind, book.next_id) == ("probe", "tool", 2)
    assert book.under_way[1].arguments == {"n": 1}


def test_every_call_declares_what_can_be_asked() -> None:
    book = CallBook()
    starts = (tool_call(book, "t", {}), resource_read(book, "u:/", view="v"), prompt_get(book, "p", {"a": "b"}))
    for start in starts:
        assert start.body["capabilities"] == {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
        assert start.body["log_level"] == "debug"
    assert (starts[1].body["endpoint"], starts[2].body["arguments"]) == ("v", {"a": "b"})
    assert again(noted(book, starts[0], NOW), starts[0]) == attrs.evolve(starts[0], id=2)


def test_what_comes_is_kept_in_order() -> None:
    book = book_after(
        happening("progress", {"progress": 1, "total": 4, "message": "one"}),
        happening("log", {"level": "info", "logger": "l", "data": "text"}),
        happening("log", {"level": "error", "logger": None, "data": {"a": 1}}),
        happening("notification", {"method": "notifications/x", "params": {"b": 2}}),
    )
    call = book.under_way[1]
    assert call.exchange == "x-1"
    assert call.progress is not None
    assert (call.progress.progress, call.progress.total) == (1, 4)
    assert [(each.kind, each.level, each.text) for each in call.lines] == [
        ("log", "info", "l: text"),
        ("log", "error", '{"a":1}'),
        ("note", "", "notifications/x b: 2"),
    ]


def test_lines_are_bounded_and_what_is_lost_is_counted() -> None:
    lines = [happening("log", {"level": "info", "logger": None, "data": f"{at}"}) for at in range(LINES_KEPT + 7)]
    call = book_after(happening("lost", 5), *lines).under_way[1]
    assert (len(call.lines), call.lost, call.lines[0].text) == (LINES_KEPT, 12, "7")


@pytest.mark.parametrize("name", ["exchange", "progress", "log", "notification"])
def test_an_event_that_cannot_be_read_is_told(name: str) -> None:
    (line,) = book_after(happening(name, [1])).under_way[1].lines
    assert line.text == f"an event {name} came that cannot be read"


@pytest.mark.parametrize(
    ("event", "kind", "words"),
    [
        (result_of(content=[text_block("x")]), "result", ""),
        (result_of(content=[], isError=True), "tool_error", ""),
        (result_of(content=3), "result", ""),
        (happening("error", {"type": "/p/rate-limited", "detail": "too many"}), "problem", "too many"),
        (happening("error", {"type": "/p/call-cancelled", "detail": "it was"}), "cancelled", "effect is not known"),
        (happening("error", 3), "problem", "cannot be read"),
    ],
)
def test_a_call_ends_with(event: object, kind: str, words: str) -> None:
    book = book_after(event)  # type: ignore[arg-type]
    assert not book.under_way
    (past,) = book.history
    assert (past.outcome.kind, past.took) == (kind, 0.5)
    assert words in past.outcome.why


def test_a_call_that_breaks_off_may_have_had_an_effect() -> None:
    step = heard(book_after(), CallBroke(call=START, why="nobody is there", code=3, took=2.0), NOW)
    (past,) = step.value.history
    assert past.outcome.why == "nobody is there; whether it had an effect is not known"
    assert [each.kind for each in step.effects if isinstance(each, Tell)] == ["error"]


def test_a_call_that_is_given_up_is_over_at_once_and_what_comes_later_means_nothing() -> None:
    book = noted(book_after(ask_event("a")), GiveUpCall(1), NOW + 5)
    assert (book.history[0].outcome.kind, book.history[0].took, book.asks) == ("cancelled", 5.0, ())
    assert heard(book, came(result_of(content=[])), NOW).value == book


def test_questions_wait_in_a_queue_and_are_told() -> None:
    book = book_after(ask_event("a", message="one"), ask_event("b", "roots/list"))
    assert [(each.id, each.what, each.asker, each.exchange) for each in book.asks] == [
        ("a", "an answer", "probe", "x-1"),
        ("b", "roots", "probe", "x-1"),
    ]
    (told,) = effects_after(book, ask_event("c", "sampling/createMessage"))
    assert told == Tell(text="probe asks for a model's words: press a to answer (3 wait)")


def test_an_answer_is_on_its_way_until_the_gateway_has_taken_it() -> None:
    book = book_after(ask_event("a"))
    request = answer(book.asks[0], result={"action": "decline"})
    assert (request.operation, request.path) == (ANSWER_ASK, {"id": "x-1", "ask": "a"})
    book = noted(book, request, NOW)
    assert book.asks[0].is_sent
    refused = heard(book, FetchFailed(request=request, why="no such ask", code=1), NOW).value
    assert (refused.asks[0].is_sent, refused.asks[0].why) == (False, "no such ask")
    taken = heard(book, Fetched(request=request, answer=None, raw=b""), NOW).value
    assert (taken.asks, [each.how for each in taken.ended_asks]) == ((), ["answered"])


def test_a_question_ends_when_it_is_taken_back_or_its_call_is_over() -> None:
    book = book_after(ask_event("a"), ask_event("b"), happening("ask_cancelled", {"id": "a"}), result_of(content=[]))
    assert book.asks == ()
    assert [(each.id, each.how) for each in book.ended_asks] == [("a", "withdrawn"), ("b", "over")]


def test_more_questions_than_are_kept_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "ASKS_KEPT", 1)
    book = book_after(ask_event("a"))
    (refusal,) = effects_after(book, ask_event("b"))
    assert isinstance(refusal, Fetch)
    assert refusal.path == {"id": "x-1", "ask": "b"}
    assert "asked for more than is kept" in heard(book, came(ask_event("b")), NOW).value.under_way[1].lines[-1].text


def test_the_oldest_results_go_first_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "RESULT_BYTES", 100)
    book = CallBook()
    for number in range(1, 4):
        start = StartCall(id=number, operation=CALL_TOOL, body={"tool": "t"})
        book = heard(noted(book, start, NOW), came(result_of(content=[text_block("x" * 80)]), start=start), NOW).value
    assert [each.outcome.is_forgotten for each in book.history] == [True, True, False]
    assert [bool(each.outcome.raw) for each in book.history] == [False, False, True]


def test_roots_are_remembered_for_who_asks_next() -> None:
    book = book_after(ask_event("a", "roots/list"))
    book = noted(book, answer(book.asks[0], result={"roots": [{"uri": "file:///x"}]}), NOW)
    assert book.roots == ("file:///x",)


def test_the_end_of_a_visit_is_told() -> None:
    event = happening(
        "notification", {"method": "notifications/elicitation/complete", "params": {"elicitationId": "e"}}
    )
    assert effects_after(book_after(), event) == (Tell(text="probe: the visit to the page that it asked for is over"),)


@pytest.mark.parametrize(
    ("url", "host", "warning"),
    [
        ("https://example.org/a", "example.org", ""),
        ("https://example.org@evil.test/", "evil.test", "before @"),
        ("https://xn--e1awd7f.test/", "xn--e1awd7f.test", "look like others"),
        ("https://аpple.com/", "аpple.com", "look like others"),
        ("http://example.org/", "example.org", "not encrypted"),
        ("javascript:alert(1)", "", "no host"),
        ("file://host/x", "host", "no scheme of the web"),
        ("https://[broken/", "", "no URL"),
    ],
)
def test_the_host_of_a_url_is_told_with_what_is_odd_about_it(url: str, host: str, warning: str) -> None:
    found, said = host_of(url)
    assert found == host
    assert warning in said
    assert bool(warning) == bool(said)
