"""One verb, from its options to its exit code: where the gateway is, who asks, and what is said when it fails."""

from __future__ import annotations

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from argus_trio.verbs import calls, catalog, changes, follow, overview
from argus_trio.verbs.failure import DONE, INTERRUPTED, VerbFailed
from argus_trio.verbs.link.client import ManageClient
from argus_trio.verbs.link.token import find_token
from argus_trio.verbs.link.where import find_place
from argus_trio.verbs.show.terminal import Terminal, this_terminal
from argus_trio.verbs.verb import Verb

_VERBS: Final[Mapping[str, Callable[[Verb], int]]] = {
    "status": overview.status,
    "backends": overview.backends,
    "sessions": overview.sessions,
    "exchanges": overview.exchanges,
    "config": overview.config,
    "explain": overview.explain,
    "tools": catalog.tools,
    "call": calls.call,
    "read": calls.read,
    "prompt": calls.prompt,
    "events": follow.events,
    "logs": follow.logs,
    "reload": changes.reload,
    "restart": changes.change,
    "drain": changes.change,
    "enable": changes.change,
    "disable": changes.change,
    "cancel": changes.cancel,
    "log-level": changes.log_level,
    "shutdown": changes.shutdown,
}


def run_verb(options: Namespace) -> int:
    """Run it; its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    terminal = this_terminal(is_json=getattr(options, "json", False))
    try:
        return _run(options, terminal)
    except VerbFailed as failure:
        return _told(terminal, failure)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one finds nothing left to interrupt
        with suppress(OSError):
            terminal.note("" if terminal.err.isatty() else "argus-trio: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return _read_no_more()


def _run(options: Namespace, terminal: Terminal) -> int:
    def warn(text: str) -> None:
        terminal.note(f"argus-trio: warning: {text}")

    place = find_place(getattr(options, "server", None), os.environ)
    token = find_token(getattr(options, "token_file", None), os.environ, warn)
    verb = Verb(options=options, terminal=terminal, client=ManageClient(place=place, token=token))
    code = _VERBS[options.command](verb)
    terminal.out.flush()
    return code


def _told(terminal: Terminal, failure: VerbFailed) -> int:
    try:
        if terminal.is_json and failure.raw[:1] == b"{":
            terminal.raw(failure.raw)
        terminal.note(f"argus-trio: {failure}")
    except BrokenPipeError:
        _read_no_more()
    return failure.code


def _read_no_more() -> int:
    """Who reads has had enough: nothing is wrong, and nothing is to be said when the interpreter flushes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
            continue
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    return DONE
