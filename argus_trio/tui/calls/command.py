"""A call as the command line that makes it again: `argus-trio call NAME key=value …`. Pure.

Values are written as `argus-trio call` reads them: texts as they are where they cannot be taken for anything else, and
all arguments as one JSON object where one of them cannot be written by itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import msgspec

from argus_trio.tui.calls.call import CallUnderWay


def command_line(call: CallUnderWay, server: str = "") -> str:
    """The words of the call, quoted for a shell; `server` is the address of its gateway, where that has to be said."""
    verb = {"tool": "call", "resource": "read", "prompt": "prompt"}[call.kind]
    where = ["--server", server] if server else []
    view = call.start.body.get("endpoint")
    by = ["--view", view] if isinstance(view, str) and view else []
    arguments = _words(call.arguments) if call.kind != "resource" else []
    begins_like_an_option = call.target.startswith("-") or any(each.startswith("-") for each in arguments)
    words = ["argus-trio", verb, *where, *by, *(["--"] if begins_like_an_option else []), call.target, *arguments]
    return shlex.join(words)


def _words(arguments: Mapping[str, object]) -> list[str]:
    """The arguments as one JSON object: it says of each value exactly what it is."""
    return [msgspec.json.encode(arguments).decode()] if arguments else []
