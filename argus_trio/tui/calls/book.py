"""All calls of this dashboard: those under way, what they ask, and those that are over. Pure, and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.calls import ANSWER_ASK, AskCancelledEvent, AskEvent
from argus_trio.manage_client.clean import one_line
from argus_trio.manage_client.problems import failure_told
from argus_trio.tui.calls.asks import NOT_HERE, EndedAs, EndedAsk, OpenAsk, answer, answer_key, opened
from argus_trio.tui.calls.call import VISIT_OVER, CallEnd, CallLine, CallUnderWay, OutcomeKind, PastCall, with_event
from argus_trio.tui.calls.result import read_result, says_error
from argus_trio.tui.effect import Effect, Fetch, GiveUpCall, StartCall, Tell
from argus_trio.tui.message import CallBroke, CallCame, DashboardMessage, Fetched, FetchFailed
from argus_trio.tui.step import Step
from argus_trio.wire.event_stream import Event

PAST_KEPT: Final = 200
"""How many calls that are over are kept; the oldest go."""
RESULT_BYTES: Final = 96 * 1024 * 1024
"""The most of results that is kept of all of them; the oldest results go, that of the latest call stays."""
ASKS_KEPT: Final = 256
"""How many questions can be open; one more is answered with an error."""
ASK_BYTES: Final = 8 * 1024 * 1024
"""The most of all open questions that is kept; what is beyond is answered with an error."""
ROOTS_KEPT: Final = 1000
"""How many roots are remembered for who asks next."""
UNKNOWN_EFFECT: Final = "whether it had an effect is not known"


@attrs.frozen(kw_only=True)
class CallBook(Value):
    """The calls of this dashboard."""

    next_id: int = 1
    under_way: Mapping[int, CallUnderWay] = attrs.field(factory=dict)
    history: tuple[PastCall, ...] = ()
    """Those that are over, oldest first."""
    asks: tuple[OpenAsk, ...] = ()
    """What they ask, oldest first."""
    ended_asks: tuple[EndedAsk, ...] = ()
    """The latest questions that nobody waits for any more."""
    roots: tuple[str, ...] = ()
    """The file URIs that the user has given last, for whoever asks next."""

    def past(self, call: int) -> PastCall | None:
        """A call that is over."""
        return next((each for each in reversed(self.history) if each.call.id == call), None)

    def call(self, call: int) -> CallUnderWay | None:
        """A call, under way or over."""
        past = self.past(call)
        return self.under_way.get(call) or (past.call if past else None)

    def asks_of(self, call: int) -> tuple[OpenAsk, ...]:
        """What a call asks."""
        return tuple(each for each in self.asks if each.call == call)

    def ask(self, call: int, ask: str) -> OpenAsk | None:
        """A question that is open."""
        return next((each for each in self.asks if (each.call, each.id) == (call, ask)), None)

    def ended_ask(self, call: int, ask: str) -> EndedAsk | None:
        """A question that nobody waits for any more."""
        return next((each for each in reversed(self.ended_asks) if (each.call, each.id) == (call, ask)), None)


def noted(book: CallBook, effect: Effect, now: float) -> CallBook:
    """The book after an effect is on its way."""
    if isinstance(effect, StartCall):
        return begun(book, effect, now)
    if isinstance(effect, GiveUpCall):
        return given_up(book, effect.id, now)
    if isinstance(effect, Fetch) and effect.operation is ANSWER_ASK:
        return sent(book, effect)
    return book


def begun(book: CallBook, start: StartCall, now: float) -> CallBook:
    """The book with a call that begins."""
    call = CallUnderWay(id=start.id, start=start, since=now)
    return attrs.evolve(book, next_id=max(book.next_id, start.id + 1), under_way={**book.under_way, start.id: call})


def given_up(book: CallBook, call: int, now: float) -> CallBook:
    """The book after a call was given up here: its stream is closed, and nothing more comes of it."""
    why = f"you gave it up, and the gateway cancels it; {UNKNOWN_EFFECT}"
    under_way = book.under_way.get(call)
    took = now - under_way.since if under_way else 0.0
    return _ended(book, call, CallEnd(kind="cancelled", why=why), now, took)


def heard(book: CallBook, message: DashboardMessage, now: float) -> Step[CallBook]:
    """The book after a message, and what is to be done."""
    if isinstance(message, CallCame):
        return _came(book, message, now)
    if isinstance(message, CallBroke):
        why = message.why if UNKNOWN_EFFECT in message.why else f"{message.why}; {UNKNOWN_EFFECT}"
        return _over(book, message.call.id, CallEnd(kind="broke", why=why), now, message.took)
    if isinstance(message, Fetched | FetchFailed) and message.request.operation is ANSWER_ASK:
        return _answered(book, message)
    return Step(book)


def sent(book: CallBook, request: Fetch) -> CallBook:
    """The book after an answer was sent off."""
    name = request.name
    asks = tuple(attrs.evolve(each, is_sent=True, why="") if answer_key(each) == name else each for each in book.asks)
    return attrs.evolve(book, asks=asks, roots=_roots_in(request.body, book.roots))


def _roots_in(body: object, before: tuple[str, ...]) -> tuple[str, ...]:
    """The roots that an answer gives; those given before where it is another answer."""
    result = body.get("result") if isinstance(body, dict) else None
    roots = result.get("roots") if isinstance(result, dict) else None
    if not isinstance(roots, list):
        return before
    return tuple(str(each["uri"]) for each in roots if isinstance(each, dict) and "uri" in each)[:ROOTS_KEPT]


def _came(book: CallBook, message: CallCame, now: float) -> Step[CallBook]:
    effects: list[Effect] = []
    for event in message.events:
        call = book.under_way.get(message.call.id)
        if call is None:
            break
        if event.event == "ask":
            step = _asked(book, call, event, now)
        elif event.event == "ask_cancelled":
            step = Step(_ask_cancelled(book, call, event, now))
        elif event.event in ("result", "error"):
            step = _over(book, call.id, _outcome(event), now, message.took)
        else:
            after = with_event(call, event, now)
            is_visit = event.event == "notification" and after.lines[-1].text == VISIT_OVER
            told = (Tell(text=f"{one_line(call.target)}: {VISIT_OVER}"),) if is_visit else ()
            step = Step(_with_call(book, after), told)
        book = step.value
        effects += step.effects
    return Step(book, tuple(effects))


def _asked(book: CallBook, call: CallUnderWay, event: Event, now: float) -> Step[CallBook]:
    try:
        told = msgspec.json.decode(event.data, type=AskEvent)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Step(_said(book, call, "a question came that cannot be read; it stays without an answer", now))
    ask = opened(told, call=call.id, exchange=call.exchange, asker=call.target, now=now)
    held = sum(each.size for each in book.asks)
    if len(book.asks) >= ASKS_KEPT or held + ask.size > ASK_BYTES:
        refused = _said(book, call, "it asked for more than is kept here, and was refused", now)
        return Step(refused, (answer(ask, refusal="too much is asked at once", code=NOT_HERE),))
    book = _said(attrs.evolve(book, asks=(*book.asks, ask)), call, f"it asks for {ask.what}", now)
    waiting = f" ({len(book.asks)} wait)" if len(book.asks) > 1 else ""
    return Step(book, (Tell(text=f"{one_line(call.target)} asks for {ask.what}: press a to answer{waiting}"),))


def _said(book: CallBook, call: CallUnderWay, text: str, now: float) -> CallBook:
    return _with_call(book, call.said(CallLine(at=now, kind="ask", text=text)))


def _ask_cancelled(book: CallBook, call: CallUnderWay, event: Event, now: float) -> CallBook:
    try:
        ask = msgspec.json.decode(event.data, type=AskCancelledEvent).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return book
    if book.ask(call.id, ask) is None:
        return book
    return _said(_without(book, call.id, ask, "withdrawn"), call, "it asks no more", now)


def _answered(book: CallBook, message: Fetched | FetchFailed) -> Step[CallBook]:
    ask = next((each for each in book.asks if answer_key(each) == message.request.name), None)
    if ask is None:
        return Step(book)
    if isinstance(message, Fetched):
        return Step(_without(book, ask.call, ask.id, "answered"))
    asks = tuple(attrs.evolve(each, is_sent=False, why=message.why) if each is ask else each for each in book.asks)
    return Step(attrs.evolve(book, asks=asks), (Tell(text=f"the answer was not taken: {message.why}", kind="error"),))


def _without(book: CallBook, call: int, ask: str, how: EndedAs) -> CallBook:
    ended = (*book.ended_asks, EndedAsk(call=call, id=ask, how=how))[-ASKS_KEPT:]
    asks = tuple(each for each in book.asks if (each.call, each.id) != (call, ask))
    return attrs.evolve(book, asks=asks, ended_asks=ended)


def _with_call(book: CallBook, call: CallUnderWay) -> CallBook:
    return attrs.evolve(book, under_way={**book.under_way, call.id: call})


def _outcome(event: Event) -> CallEnd:
    if event.event == "result":
        result = read_result(event.data)
        kind: OutcomeKind = "tool_error" if says_error(event.data, result) else "result"
        return CallEnd(kind=kind, raw=event.data, result=result)
    try:
        problem = msgspec.json.decode(event.data, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return CallEnd(kind="problem", why="an error came that cannot be read", raw=event.data)
    is_cancelled = str(problem.get("type", "")).endswith("/call-cancelled")
    why = str(failure_told(problem, event.data)) + (f"; {UNKNOWN_EFFECT}" if is_cancelled else "")
    return CallEnd(kind="cancelled" if is_cancelled else "problem", why=why, raw=event.data)


def _over(book: CallBook, call: int, outcome: CallEnd, now: float, took: float) -> Step[CallBook]:
    under_way = book.under_way.get(call)
    if under_way is None:
        return Step(book)
    words: dict[OutcomeKind, tuple[str, Literal["good", "warning", "error"]]] = {
        "result": ("is done", "good"),
        "tool_error": ("says that it failed", "error"),
        "problem": ("came to nothing", "error"),
        "broke": ("broke off", "error"),
        "cancelled": ("is cancelled", "warning"),
    }
    does, kind = words[outcome.kind]
    told = Tell(text=f"{one_line(under_way.target)} {does}", kind=kind)
    return Step(_ended(book, call, outcome, now, took), (told,))


def _ended(book: CallBook, call: int, outcome: CallEnd, now: float, took: float) -> CallBook:
    under_way = dict(book.under_way)
    over = under_way.pop(call, None)
    if over is None:
        return book
    for ask in book.asks_of(call):
        book = _without(book, call, ask.id, "over")
    history = (*book.history, PastCall(call=over, outcome=outcome, ended=now, took=took))[-PAST_KEPT:]
    return attrs.evolve(book, under_way=under_way, history=_within(history))


def _within(history: tuple[PastCall, ...]) -> tuple[PastCall, ...]:
    """The same with no more bytes of results than are kept."""
    held = sum(len(each.outcome.raw) for each in history)
    kept = list(history)
    for at, each in enumerate(history[:-1]):
        if held <= RESULT_BYTES:
            break
        held -= len(each.outcome.raw)
        if each.outcome.raw:
            kept[at] = attrs.evolve(each, outcome=attrs.evolve(each.outcome, raw=b"", result=None, is_forgotten=True))
    return tuple(kept)
