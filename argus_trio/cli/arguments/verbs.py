"""The arguments of the verbs: what asks a running gateway. Nothing is loaded here but the parser."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from argus_trio.cli.arguments import kinds

AddParser = Callable[..., argparse.ArgumentParser]
"""Adds a command by its name, as argparse has it."""

LOG_LEVELS: Final = ("debug", "info", "warning", "error")
"""The levels of the gateway's log, written again: help is not to wait for where they are."""
MESSAGE_LEVELS: Final = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
"""The levels of a tool's log messages."""


def add_where(command: argparse.ArgumentParser, *, prints: bool = True) -> None:
    """Add what says which gateway is asked, and how it is answered: before the verb, and behind it. Where nothing is
    printed, `--json` is refused in words, and not offered."""
    where = command.add_argument_group("the gateway that is asked")
    where.add_argument(
        "--server",
        metavar="URL",
        default=argparse.SUPPRESS,
        help="its address, with or without /mcp, /sse or /manage/v1 at its end, or unix:PATH of its socket; default: "
        "$ARGUS_URL, the socket of a gateway of yours if there is exactly one, http://127.0.0.1:9000",
    )
    where.add_argument(
        "--token-file",
        metavar="PATH",
        default=argparse.SUPPRESS,
        help="a file that holds the token; default: the token in $ARGUS_TOKEN",
    )
    about = "print the gateway's answer as it is" if prints else argparse.SUPPRESS
    where.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=about)


def add_verbs(add: AddParser) -> None:
    """Add all verbs."""
    _add_lists(add)
    _add_calls(add)
    _add_followed(add)
    _add_changes(add)


def _verb(add: AddParser, name: str, about: str, *examples: str) -> argparse.ArgumentParser:
    lines = "".join(f"  argus-trio {example}\n" for example in examples)
    verb = add(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"examples:\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_where(verb)
    return verb


def _add_lists(add: AddParser) -> None:
    _verb(add, "status", "show how the running gateway stands", "status", "status --json | jq .health")
    backends = _verb(add, "backends", "list the backends and how they stand", "backends", "backends files")
    backends.add_argument("backend", metavar="BACKEND", nargs="?", help="all there is to know of this one")
    tools = _verb(
        add,
        "tools",
        "list the tools, or show one with its arguments",
        "tools",
        "tools files_read",
        "tools 'files_*'",
        "tools --all delete",
        "tools --principal alice",
    )
    tools.add_argument(
        "pattern",
        metavar="PATTERN",
        nargs="?",
        help="a part of the name or the description, or a pattern with *; the whole name of a tool shows its arguments",
    )
    tools.add_argument("--backend", metavar="BACKEND", help="of this backend alone")
    tools.add_argument("--principal", metavar="NAME", help="as they are shown to this principal")
    tools.add_argument("--view", metavar="NAME", help="as they are shown at the endpoint of this view")
    tools.add_argument("--all", action="store_true", help="the hidden ones as well, and why they are")
    sessions = _verb(add, "sessions", "list the sessions of clients", "sessions", "sessions --close s-12")
    sessions.add_argument("--close", metavar="ID", help="end this session and its calls")
    exchanges = _verb(add, "exchanges", "list what is under way", "exchanges", "exchanges --done --backend files")
    exchanges.add_argument("--done", action="store_true", help="what is over, the latest first")
    exchanges.add_argument("--backend", metavar="BACKEND", help="at this backend alone")
    config = _verb(
        add,
        "config",
        "show the configuration in effect, what a reload would change, or have one checked",
        "config",
        "config difference",
        "config validate",
        "config validate new.yaml",
    )
    config.add_argument(
        "action",
        metavar="validate|difference",
        nargs="?",
        choices=("validate", "difference"),
        help="have the file on disk checked, or FILE; or show how the file on disk differs from what is in effect",
    )
    config.add_argument("file", metavar="FILE", nargs="?", help="a configuration to be checked; - reads stdin")


def _add_calls(add: AddParser) -> None:
    call = _verb(
        add,
        "call",
        "call a tool, and answer on the terminal what it asks",
        "call time_now",
        "call files_read path=/srv/a.txt lines=20",
        "call search terms=a terms=b options:='{\"deep\": true}'",
        'call search \'{"terms": ["a", "b"]}\'',
        "call search - < arguments.json",
    )
    call.add_argument("name", metavar="NAME", help="the tool, as `argus-trio tools` lists it")
    call.add_argument(
        "arguments",
        metavar="ARGUMENT",
        nargs="*",
        default=[],
        help="key=value by the tool's schema (a key again for each item of an array), key:=JSON, or one JSON object; "
        "- reads that from stdin; what begins with - otherwise stands behind --",
    )
    _add_conversation(call)
    read = _verb(add, "read", "read a resource", "read file:///srv/a.txt", "read --output . image://logo")
    read.add_argument("uri", metavar="URI", help="the resource")
    _add_conversation(read)
    prompt = _verb(add, "prompt", "get a prompt", "prompt review language=python")
    prompt.add_argument("name", metavar="NAME", help="the prompt")
    prompt.add_argument(
        "arguments",
        metavar="ARGUMENT",
        nargs="*",
        default=[],
        help="key=value, or one JSON object; - reads it from stdin",
    )
    _add_conversation(prompt)


def _add_conversation(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--view", metavar="NAME", help="by the endpoint of this view")
    verb.add_argument(
        "--root", metavar="DIR", action="append", default=[], help="a folder that is told to who asks for roots"
    )
    verb.add_argument(
        "--log-level",
        metavar="LEVEL",
        choices=MESSAGE_LEVELS,
        help="show log messages from this level on, one of debug, info, notice, warning, error, critical, alert and "
        "emergency; default on a terminal: info",
    )
    verb.add_argument("--output", metavar="DIR", help="save images, audio and other files here")


def _add_followed(add: AddParser) -> None:
    events = _verb(add, "events", "show what has happened", "events", "events -f --severity warning")
    events.add_argument("-f", "--follow", action="store_true", help="go on with what happens, until Ctrl-C")
    events.add_argument(
        "-n", "--limit", type=kinds.count, default=100, metavar="COUNT", help="the latest; default: 100"
    )
    events.add_argument("--severity", choices=LOG_LEVELS, help="of this severity or above")
    events.add_argument("--backend", metavar="BACKEND", help="of this backend alone")
    events.add_argument("--since", metavar="ID", help="after the event of this id, or after a time (RFC 3339)")
    logs = _verb(
        add,
        "logs",
        "show what a backend wrote, its exits, and the gateway's own lines on it",
        "logs files",
        "logs files -f",
    )
    logs.add_argument("backend", metavar="BACKEND", help="the backend")
    logs.add_argument("-f", "--follow", action="store_true", help="go on with what it writes, until Ctrl-C")
    logs.add_argument("-n", "--limit", type=kinds.count, default=200, metavar="COUNT", help="lines; default: 200")
    egress = _verb(
        add,
        "egress",
        "show what a backend's containers tried to reach, and the allow: list that covers it",
        "egress files",
        "egress files --json | jq .let_through",
    )
    egress.add_argument("backend", metavar="BACKEND", help="the backend")


def _add_changes(add: AddParser) -> None:
    _verb(add, "reload", "have the configuration file read again", "reload")
    for name, about in (
        ("restart", "connect a backend anew; the old connection serves until the new one is ready"),
        ("drain", "let a backend's calls end and give it no new ones, until enable"),
        ("enable", "undo drain or disable"),
        ("disable", "take a backend out, until enable or until its entry in the file changes"),
    ):
        change = _verb(add, name, about, f"{name} files")
        change.add_argument("backends", metavar="BACKEND", nargs="+", help="one or more backends")
    cancel = _verb(add, "cancel", "cancel a call", "cancel 7f3a-12")
    cancel.add_argument("exchanges", metavar="ID", nargs="+", help="as `argus-trio exchanges` lists it")
    level = _verb(add, "log-level", "show or change the level of the gateway's log", "log-level", "log-level debug")
    level.add_argument("level", metavar="LEVEL", nargs="?", choices=LOG_LEVELS, help=", ".join(LOG_LEVELS))
    shutdown = _verb(add, "shutdown", "stop the running gateway", "shutdown", "shutdown --timeout 60")
    shutdown.add_argument(
        "--timeout",
        type=kinds.seconds,
        metavar="SECONDS",
        help="what calls in flight get to finish; default: server.drain_timeout",
    )
