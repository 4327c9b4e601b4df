"""What a call asks the user: an answer by a form, a visit to a page, a model's words, roots."""

from __future__ import annotations

from typing import ClassVar, Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.calls import ANSWER_ASK
from argus_trio.tui.calls.asks import OpenAsk, answer, answer_key
from argus_trio.tui.calls.document import ResultDocument, message_blocks
from argus_trio.tui.calls.reply import RootsReply, SamplingReply, WrongReply
from argus_trio.tui.effect import Back, Confirm, CopyText, Tell
from argus_trio.tui.form.form import Form, form_of
from argus_trio.tui.message import DashboardMessage, Fetched, Key, Pasted, Wheeled
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.area import EditedText
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

AskReply = Form | SamplingReply | RootsReply
_SEND: Final = KeyHelp("F5", "send", "Send what is written")
_DECLINE: Final = KeyHelp("F8", "decline", "Answer that you do not want to")
_CANCEL: Final = KeyHelp("F9", "cancel", "Answer that you leave it, neither yes nor no")
_LEAVE: Final = KeyHelp("Esc", "later", "Leave it open; `a` comes back to it")
_FACTS: Final = ("temperature", "stopSequences", "includeContext", "toolChoice", "metadata")
"""Parameters of sampling that are shown as they are."""


@attrs.frozen(kw_only=True)
class AskPage(Value):
    """Which question is shown, and what is written so far."""

    title: ClassVar[str] = "Ask"

    call: int
    id: str
    ask: OpenAsk | None = None
    """The question as it came; kept when nobody waits for it any more."""
    reply: AskReply | None = None
    """None for a visit to a page."""
    said: ResultDocument | None = None
    """The messages of sampling."""
    top: int = 0
    """The first line of these that is shown."""
    wrong: str = ""

    @property
    def keys(self) -> tuple[KeyHelp, ...]:
        """See `DashboardPage`."""
        if self.ask is None:
            return (_LEAVE,)
        if self.ask.is_url:
            agree = KeyHelp("F5", "agree", "Say that you will open the page. Nothing opens it but you")
            return (agree, KeyHelp("y", "copy", "Copy the URL"), _DECLINE, _CANCEL, _LEAVE)
        if isinstance(self.reply, Form):
            return (_SEND, KeyHelp("F2", "JSON", "The same as JSON, and back"), _DECLINE, _CANCEL, _LEAVE)
        if isinstance(self.reply, SamplingReply):
            return (_SEND, KeyHelp("Tab", "next"), KeyHelp("PgUp PgDn", "scroll"), _DECLINE, _LEAVE)
        return (_SEND, _DECLINE, _LEAVE)

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.reply is not None

    def opened(self, world: World) -> Step[AskPage]:
        """See `DashboardPage`."""
        ask = world.calls.ask(self.call, self.id)
        if ask is None or self.ask is not None:
            return Step(self)
        page = attrs.evolve(self, ask=ask)
        if ask.method == "sampling/createMessage":
            return Step(attrs.evolve(page, reply=SamplingReply(), said=_sampled(ask)))
        if ask.method == "roots/list":
            return Step(attrs.evolve(page, reply=RootsReply(text=EditedText.of("\n".join(world.calls.roots)))))
        return Step(
            page if ask.is_url else attrs.evolve(page, reply=form_of(ask.value("requestedSchema"), send="Send"))
        )

    def closed(self) -> Step[None]:
        """See `DashboardPage`. The question stays open."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[AskPage] | None:
        """See `DashboardPage`."""
        if self.ask is None:
            return None
        if isinstance(message, Fetched) and message.request.operation is ANSWER_ASK:
            if message.request.name != answer_key(self.ask):
                return None
            return Step(self, (Back(self), Tell(text="the answer is sent", kind="good")))
        if isinstance(message, Wheeled):
            return Step(self._scrolled(message.lines))
        if isinstance(message, Pasted) and self.reply is not None:
            return Step(attrs.evolve(self, reply=self.reply.pasted(message.text), wrong=""))
        return self._pressed(message.name, self.ask, world) if isinstance(message, Key) else None

    def _pressed(self, name: str, ask: OpenAsk, world: World) -> Step[AskPage] | None:
        reply = self.reply
        is_elicitation = ask.method == "elicitation/create"
        letters = {"d": "f8", "c": "f9"} if reply is None else {}
        match letters.get(name, name):
            case "f5":
                return self._sent(ask, world)
            case "enter" if isinstance(reply, Form) and reply.is_at_send:
                return self._sent(ask, world)
            case "f8" if is_elicitation:
                return self.answered(ask, world, {"action": "decline"})
            case "f8":
                return self._refused(ask, world)
            case "f9" if is_elicitation:
                return self.answered(ask, world, {"action": "cancel"})
            case "f2" if isinstance(reply, Form):
                return Step(attrs.evolve(self, reply=reply.toggled()))
            case "y" if reply is None:
                return Step(self, (CopyText(text=ask.text("url"), what="the URL"),))
            case "page up" | "page down" if not isinstance(reply, Form):
                return Step(self._scrolled(-5 if name == "page up" else 5))
            case "esc" if not (isinstance(reply, Form) and reply.area is not None):
                return self._left(world)
        changed = reply.pressed(name) if reply is not None else None
        return None if changed is None else Step(attrs.evolve(self, reply=changed, wrong=""))

    def _left(self, world: World) -> Step[AskPage] | None:
        is_touched = self.reply is not None and self.reply.is_touched
        if not is_touched or world.calls.ask(self.call, self.id) is None:
            return None
        return Step(self, (Confirm(question="Leave it open? What you have written is lost.", yes=(Back(),)),))

    def _scrolled(self, lines: int) -> AskPage:
        return attrs.evolve(self, top=max(self.top + lines, 0))

    def _sent(self, ask: OpenAsk, world: World) -> Step[AskPage]:
        if self.reply is None:
            return self.answered(ask, world, {"action": "accept"})
        if isinstance(self.reply, Form):
            form = self.reply.judged()
            page = attrs.evolve(self, reply=form)
            return (
                Step(page) if form.wrong else page.answered(ask, world, {"action": "accept", "content": form.arguments})
            )
        try:
            result = self.reply.result()
        except WrongReply as wrong:
            return Step(attrs.evolve(self, wrong=str(wrong)))
        return self.answered(ask, world, result)

    def answered(self, ask: OpenAsk, world: World, result: dict[str, object]) -> Step[AskPage]:
        """Send a result, unless nobody waits for it any more."""
        if told := _not_waiting(ask, world):
            return Step(self, (told,))
        return Step(self, (answer(ask, result=result),))

    def _refused(self, ask: OpenAsk, world: World) -> Step[AskPage]:
        if told := _not_waiting(ask, world):
            return Step(self, (told,))
        return Step(self, (answer(ask, refusal="the user declined"),))


def _not_waiting(ask: OpenAsk, world: World) -> Tell | None:
    now = world.calls.ask(ask.call, ask.id)
    if now is None:
        return Tell(text="nobody waits for the answer any more; Esc leaves it", kind="warning")
    return Tell(text="an answer is on its way already") if now.is_sent else None


def _sampled(ask: OpenAsk) -> ResultDocument:
    """What a model is asked: what is known of it first, then the messages."""
    facts = [f"system prompt: {system}"] if (system := ask.text("systemPrompt")) else []
    preferences = ask.value("modelPreferences")
    if isinstance(preferences, dict):
        hints = preferences.get("hints")
        named = [str(each.get("name")) for each in hints if isinstance(each, dict)] if isinstance(hints, list) else []
        wanted = [*named, *(f"{name} {value}" for name, value in preferences.items() if name != "hints")]
        facts.append(f"model wanted: {', '.join(wanted)}")
    if (most := ask.value("maxTokens")) is not None:
        facts.append(f"at most {most} tokens")
    tools = ask.value("tools")
    if isinstance(tools, list):
        names = [str(each.get("name")) for each in tools if isinstance(each, dict)]
        facts.append(f"tools that a model could use, and you cannot: {', '.join(names)}")
    facts += [f"{name}: {ask.value(name)}" for name in _FACTS if name in ask.params]
    raw = ask.params.get("messages", msgspec.Raw(b"[]"))
    try:
        messages = msgspec.json.decode(raw, type=list[dict[str, msgspec.Raw]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ResultDocument(blocks=(), facts=(*facts, "its messages cannot be read"))
    return ResultDocument(
        blocks=tuple(block for each in messages for block in message_blocks(each)), facts=tuple(facts)
    )
