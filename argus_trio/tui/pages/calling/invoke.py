"""The form of a tool, a prompt or a template: what it takes, filled by keys alone, and sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs
import msgspec

from argus_trio import Value
from argus_trio.tui.effect import Back, Confirm, Open, StartCall, Tell
from argus_trio.tui.form.form import Form, form_of
from argus_trio.tui.message import Clicked, DashboardMessage, Key, Pasted, Wheeled
from argus_trio.tui.pages.calling.call import CallPage
from argus_trio.tui.pages.calling.subject import Subject
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

_SENDS = {"tool": "Call", "prompt": "Get", "template": "Read"}


@attrs.frozen(kw_only=True)
class InvokePage(Value):
    """What is called, and what is typed for it."""

    keys: ClassVar[tuple[KeyHelp, ...]] = (
        KeyHelp("F5", "call", "Call it, as Enter on the last row does"),
        KeyHelp("Tab", "next", "The next field; Shift-Tab the one before; arrows do the same"),
        KeyHelp("Space", "choose", "The next choice, as left and right; opens and folds objects and lists"),
        KeyHelp("F2", "JSON", "The whole as JSON, and back to the form"),
        KeyHelp("Ctrl-D", "leave out", "Leave a member out, or take an item away"),
        KeyHelp("Ctrl-N", "empty", "An empty text, or null where it is allowed; again: left out", in_foot=False),
        KeyHelp("F4", "lines", "A text with room for its lines, and back", in_foot=False),
        KeyHelp("Alt-Enter", "new line", "Another line in a text", in_foot=False),
        KeyHelp("Alt-Up", "move", "Move an item up; Alt-Down moves it down", in_foot=False),
        KeyHelp("Esc", "back", "Leave the form; asks where something was typed", in_foot=False),
    )
    is_typing: ClassVar[bool] = True

    subject: Subject
    form: Form
    view: str = ""

    @property
    def title(self) -> str:
        """What it shows."""
        return self.subject.name

    @classmethod
    def of(cls, subject: Subject, *, view: str = "", values: Mapping[str, msgspec.Raw] | None = None) -> InvokePage:
        """The form of a subject, with values where it was called before."""
        return cls(subject=subject, form=form_of(subject.schema, values, send=_SENDS[subject.kind]), view=view)

    def opened(self, world: World) -> Step[InvokePage]:
        """See `DashboardPage`."""
        return Step(self)

    def closed(self) -> Step[None]:
        """See `DashboardPage`."""
        return Step(None)

    def told(self, message: DashboardMessage, world: World) -> Step[InvokePage] | None:
        """See `DashboardPage`."""
        if isinstance(message, Pasted):
            return self._with(self.form.pasted(message.text))
        if isinstance(message, Clicked) and message.zone == "rows":
            clicked = self.form.clicked(message.at)
            return self._sent(world) if clicked.is_at_send else self._with(clicked)
        if isinstance(message, Wheeled):
            moved = self.form.pressed("down" if message.lines > 0 else "up")
            return None if moved is None else self._with(moved)
        return self._pressed(message.name, world) if isinstance(message, Key) else None

    def _pressed(self, key: str, world: World) -> Step[InvokePage] | None:
        if key == "f2":
            return self._with(self.form.toggled())
        if key == "f5" or (key == "enter" and self.form.is_at_send):
            return self._sent(world)
        if key == "esc" and self.form.is_touched and self.form.area is None:
            return Step(self, (Confirm(question="Leave the form? What is typed is lost.", yes=(Back(),)),))
        form = self.form.pressed(key)
        return None if form is None else self._with(form)

    def _with(self, form: Form) -> Step[InvokePage]:
        return Step(attrs.evolve(self, form=form))

    def _sent(self, world: World) -> Step[InvokePage]:
        form = self.form.judged()
        page = attrs.evolve(self, form=form)
        if form.wrong:
            where = ".".join(form.wrong[0].where)
            said = f"not sent: {f'{where}: ' if where else ''}{form.wrong[0].what}"
            return Step(page, (Tell(text=said, kind="error"),))
        told = _unjudged(form)
        subject = self.subject
        if world.is_read_only and not subject.reads_only:
            why = "this dashboard is read-only, and the tool does not say that it changes nothing: it is not called"
            return Step(page, (Tell(text=why, kind="error"),))
        start = subject.call(world.calls, form.arguments, self.view or world.view)
        call: tuple[StartCall, Open] = (start, Open(CallPage(id=start.id)))
        if subject.destroys:
            question = f"Call {subject.name}? It says that it may destroy what cannot be brought back."
            return Step(page, (*told, Confirm(question=question, yes=call)))
        return Step(attrs.evolve(page, form=attrs.evolve(form, is_touched=False)), (*told, *call))


def _unjudged(form: Form) -> tuple[Tell, ...]:
    """What nobody has looked at before it is sent."""
    if not form.unjudged:
        return ()
    return (Tell(text=f"sent, and left to the server to judge: {form.unjudged}", kind="warning"),)
