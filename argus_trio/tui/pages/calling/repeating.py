"""A call that is made once more without its form: it is asked, or refused, as the form would."""

from __future__ import annotations

from argus_trio.contract.capabilities import ToolEntry
from argus_trio.tui.calls.call import CallUnderWay
from argus_trio.tui.effect import Confirm, Effect, Tell
from argus_trio.tui.pages.calling.subject import subject_of
from argus_trio.tui.state.world import World


def guarded(call: CallUnderWay, world: World, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """What repeats a call, unless this dashboard changes nothing; asked first where the tool may destroy something."""
    if call.kind != "tool":
        return effects
    tools = world.capabilities.tools if world.capabilities else ()
    entry: ToolEntry | None = next((each for each in tools if each.name == call.target), None)
    subject = subject_of(entry) if entry is not None else None
    if world.is_read_only and not (subject is not None and subject.reads_only):
        why = "this dashboard is read-only, and the tool does not say that it changes nothing: it is not called"
        return (Tell(text=why, kind="error"),)
    if subject is not None and subject.destroys:
        question = f"Call {subject.name} again? It says that it may destroy what cannot be brought back."
        return (Confirm(question=question, yes=effects),)
    return effects
