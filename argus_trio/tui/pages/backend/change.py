"""What operators do about a backend: it is looked up, asked, done if nobody has changed it since, and told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argus_trio.contract.backends import BACKEND, BackendEntry
from argus_trio.contract.control import CHANGES, ChangeAnswer
from argus_trio.core.control import Action
from argus_trio.manage_client.failure import NOT_ALLOWED
from argus_trio.manage_client.moments import duration
from argus_trio.manage_client.values import counted
from argus_trio.tui.effect import Confirm, Effect, Fetch, Tell
from argus_trio.tui.message import Fetched, FetchFailed
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.state.world import World

CHANGE_KEYS: Final[tuple[KeyHelp, ...]] = (
    KeyHelp("r", "restart", "Connect it anew; it is asked first", changes=True),
    KeyHelp("d", "drain", "Let its calls end and give it no new ones, until e; it is asked first", changes=True),
    KeyHelp("e", "enable", "Undo drain or disable; it is asked first", changes=True),
    KeyHelp("x", "disable", "Take it out of all lists, until e; it is asked first", changes=True),
)
ACTIONS: Final[Mapping[str, Action]] = {"r": "restart", "d": "drain", "e": "enable", "x": "disable"}
"""What is done, by key."""
_LOOK: Final = "look before"
_DO: Final = "change"
_DONE: Final[Mapping[Action, str]] = {
    "restart": "was restarted",
    "drain": "takes no new calls",
    "enable": "is enabled",
    "disable": "is disabled",
}


def wished(key: str, backend: str, world: World) -> tuple[Effect, ...] | None:
    """What a key does; None for one that changes nothing."""
    action = ACTIONS.get(key)
    if action is None:
        return None
    if not world.may_operate:
        why = "the dashboard is read-only" if world.is_read_only else "that needs manage:operate"
        return (Tell(text=f"{action} is not offered: {why}", kind="warning"),)
    return (Fetch(operation=BACKEND, path={"name": backend}, key=f"{_LOOK} {action} {backend}"),)


def changed_by(message: Fetched | FetchFailed) -> tuple[Effect, ...]:
    """What follows an answer to one of these; nothing for any other."""
    request = message.request
    name = request.path.get("name", "")
    for action in ACTIONS.values():
        if request.key == f"{_LOOK} {action} {name}":
            if isinstance(message, FetchFailed):
                return (Tell(text=f"{name} was not changed: {message.why}", kind="error"),)
            return _asked(action, message)
        if request.key == f"{_DO} {action} {name}":
            return (_told(action, name, message),)
    return ()


def _asked(action: Action, message: Fetched) -> tuple[Effect, ...]:
    entry = message.answer
    if not isinstance(entry, BackendEntry):
        return ()
    if action == "enable" and entry.hold is None:
        why = "the file disables it, and enables it" if entry.state in ("disabled", "stopped") else "it is not held"
        return (Tell(text=f"there is nothing to enable at {entry.name}: {why}", kind="warning"),)
    if action in ("drain", "disable") and entry.hold is not None and entry.hold.kind == action:
        return (Tell(text=f"{entry.name} {_DONE[action]} already, by {entry.hold.by}", kind="info"),)
    body = Fetch(
        operation=CHANGES[action],
        path={"name": entry.name},
        key=f"{_DO} {action} {entry.name}",
        is_change=True,
        if_match=message.tag,
    )
    return (Confirm(question=question(action, entry), yes=(Tell(text=f"{action} of {entry.name}…"), body)),)


def question(action: Action, entry: BackendEntry) -> str:
    """What is asked before: what will be done, and what of it others notice."""
    calls, waiting = entry.calls.under_way, entry.calls.waiting
    if not calls and not waiting:
        flight = "No call is in flight there now."
    else:
        flight = f"{counted(calls, 'call')} in flight there, {waiting} waiting."
    shown = entry.capabilities
    lists = (
        f"{counted(shown.tools, 'tool')}, {counted(shown.resources, 'resource')}, {counted(shown.prompts, 'prompt')}"
    )
    return {
        "restart": f"Restart {entry.name}? It is connected anew beside the old connection, where calls in flight end;"
        f" what its process holds in memory is lost. {flight}",
        "drain": f"Drain {entry.name}? It stays connected and listed, but new calls are refused until it is enabled;"
        f" calls in flight end as they do. {flight}",
        "enable": f"Enable {entry.name}? {_enabled(entry)}",
        "disable": f"Disable {entry.name}? {lists} leave the lists of all clients until it is enabled, and it is"
        f" disconnected. Calls in flight are given server.drain_timeout, then they are cut off. {flight}",
    }[action]


def _enabled(entry: BackendEntry) -> str:
    if entry.hold is None:
        return "Nothing holds it."
    held = "drained" if entry.hold.kind == "drain" else "disabled"
    return f"{entry.hold.by} {held} it; it takes calls of all clients again."


def _told(action: Action, name: str, message: Fetched | FetchFailed) -> Tell:
    if isinstance(message, FetchFailed):
        more = "; what changes the gateway is not offered any more" if message.code == NOT_ALLOWED else ""
        return Tell(text=f"{action} of {name} was not done: {message.why}{more}", kind="error")
    answer = message.answer
    if not isinstance(answer, ChangeAnswer):
        return Tell(text=f"what came of {action} of {name} is not known", kind="error")
    if not answer.ok:
        return Tell(text=f"{action} of {name} did not work: {answer.error or answer.state}", kind="error")
    if not answer.changed:
        return Tell(text=f"{name} {_DONE[action]}: it was so already")
    took = f" in {duration(answer.duration_seconds)}" if action == "restart" else ""
    state = "" if answer.state in ("disabled", "draining") else f", and is {answer.state}"
    return Tell(text=f"{name} {_DONE[action]}{took}{state}", kind="good")
