"""One verb, from its options to its exit code: where the gateway is, who asks, and what is said when it fails."""

from __future__ import annotations

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress

from argus_trio.manage_client.failure import DONE, FAILED, INTERRUPTED, USAGE, CommandFailed
from argus_trio.manage_client.token import find_token
from argus_trio.manage_client.where import find_place
from argus_trio.verbs.link.client import ManageClient
from argus_trio.verbs.show.terminal import Terminal, this_terminal
from argus_trio.verbs.verb import Verb

Run = Callable[[Verb], int]


def _found(name: str) -> Run:
    """What runs a verb. Each loads its part of the contract alone: making its types takes longer than asking."""
    if name in ("status", "backends"):
        from argus_trio.verbs import overview

        return overview.status if name == "status" else overview.backends
    if name in ("sessions", "exchanges", "cancel"):
        from argus_trio.verbs import clients

        return {"sessions": clients.sessions, "exchanges": clients.exchanges, "cancel": clients.cancel}[name]
    if name == "tools":
        from argus_trio.verbs import catalog

        return catalog.tools
    if name in ("call", "read", "prompt"):
        from argus_trio.verbs import calls

        return {"call": calls.call, "read": calls.read, "prompt": calls.prompt}[name]
    return _found_among_the_rest(name)


def _found_among_the_rest(name: str) -> Run:
    if name == "events":
        from argus_trio.verbs import events

        return events.events
    if name == "logs":
        from argus_trio.verbs import logs

        return logs.logs
    if name == "egress":
        from argus_trio.verbs.containers import egress

        return egress.egress
    if name in ("config", "explain", "log-level"):
        from argus_trio.verbs import settings

        return {"config": settings.config, "explain": settings.explain, "log-level": settings.log_level}[name]
    from argus_trio.verbs import changes

    return {"reload": changes.reload, "shutdown": changes.shutdown}.get(name, changes.change)


def run_verb(options: Namespace) -> int:
    """Run it; its exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    terminal = this_terminal(is_json=getattr(options, "json", False))
    try:
        return _run(options, terminal)
    except CommandFailed as failure:
        return _told(terminal, failure)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one finds nothing left to interrupt
        with suppress(OSError):
            terminal.note("" if terminal.err.isatty() else "argus-trio: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return read_no_more()
    except OSError as error:  # of writing: what goes wrong on the way to the gateway is a failure of the verb
        read_no_more()
        with suppress(OSError):
            terminal.note(f"argus-trio: the answer cannot be written: {error.strerror}")
        return FAILED


def _run(options: Namespace, terminal: Terminal) -> int:
    def warn(text: str) -> None:
        terminal.note(f"argus-trio: warning: {text}")

    _require_text(options)
    place = find_place(getattr(options, "server", None), os.environ)
    token = find_token(getattr(options, "token_file", None), os.environ, warn)
    verb = Verb(options=options, terminal=terminal, client=ManageClient(place=place, token=token))
    code = _found(options.command)(verb)
    terminal.out.flush()
    return code


def _require_text(options: Namespace) -> None:
    """Raises CommandFailed for an argument that is no text: nothing of it could be sent as it is."""
    for value in vars(options).values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text):
                encoding = sys.getfilesystemencoding()
                why = "is no UTF-8" if encoding == "utf-8" else f"is no {encoding}, which is the encoding of the locale"
                raise CommandFailed(f"the argument {text!r} {why}", USAGE)


def _told(terminal: Terminal, failure: CommandFailed) -> int:
    try:
        terminal.failed(str(failure), failure.raw)
    except OSError:  # it cannot be told: the code says it all the same
        read_no_more()
    return failure.code


def read_no_more() -> int:
    """Who reads has had enough: nothing is wrong, and nothing is to be said when the interpreter flushes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
            continue
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    return DONE
