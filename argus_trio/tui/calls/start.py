"""Calls as they are begun from pages: what is asked for, and what can be asked meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argus_trio.contract.calls import CALL_TOOL, GET_PROMPT, READ_RESOURCE, MessageLevel
from argus_trio.contract.operation import Operation
from argus_trio.tui.calls.book import CallBook
from argus_trio.tui.effect import StartCall

CAPABILITIES: Final[Mapping[str, object]] = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
"""What can be asked, as `ClientCapabilities` of MCP: the user answers all of it on the screen."""
LOG_LEVEL: Final[MessageLevel] = "debug"
"""Which log messages come: all, as they can be hidden here."""


def tool_call(book: CallBook, tool: str, arguments: Mapping[str, object], *, view: str = "") -> StartCall:
    """A call of a tool; `arguments` is anything that msgspec encodes."""
    return _start(book, CALL_TOOL, {"tool": tool, "arguments": arguments}, view)


def resource_read(book: CallBook, uri: str, *, view: str = "") -> StartCall:
    """A read of a resource."""
    return _start(book, READ_RESOURCE, {"uri": uri}, view)


def prompt_get(book: CallBook, name: str, arguments: Mapping[str, str], *, view: str = "") -> StartCall:
    """A prompt to be made."""
    return _start(book, GET_PROMPT, {"name": name, "arguments": arguments}, view)


def again(book: CallBook, start: StartCall) -> StartCall:
    """The same call once more."""
    return StartCall(id=book.next_id, operation=start.operation, body=start.body)


def _start(book: CallBook, operation: Operation, body: Mapping[str, object], view: str) -> StartCall:
    declared = {"capabilities": CAPABILITIES, "log_level": LOG_LEVEL, "endpoint": view}
    return StartCall(id=book.next_id, operation=operation, body={**body, **declared})
