"""The arguments of `import`, `client` and `doctor`. Nothing is loaded here but the parser."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from argus_trio.cli.arguments import kinds
from argus_trio.cli.arguments.verbs import AddParser, add_where

CLIENTS: Final = (
    "claude-desktop",
    "claude-code",
    "cursor",
    "vscode",
    "windsurf",
    "gemini-cli",
    "zed",
    "codex",
    "lm-studio",
)
"""The clients of `argus_trio.client_files.kinds`, written again: help is not to wait for them."""
DOCTOR_SECONDS: Final = 60.0
"""How long the doctor waits for backends that it starts, unless it is told otherwise."""

AddConfig = Callable[[argparse.ArgumentParser], None]


def add_coming(add: AddParser, add_config: AddConfig) -> None:
    """Add the three."""
    _add_import(add)
    _add_client(add, add_config)
    _add_doctor(add, add_config)


def _add_import(add: AddParser) -> None:
    command = add(
        "import",
        help="make a configuration of the servers that clients' files declare",
        description="Make a configuration of the servers that the files of AI clients, or the original Argus, declare. "
        "Without a file all known places are looked at. The configuration goes to stdout, what is told of it to "
        "stderr; nothing is written unless --write says so, and nothing is ever overwritten.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  argus-trio import\n"
        "  argus-trio import ~/.cursor/mcp.json .vscode/mcp.json\n"
        "  argus-trio import --only github --only time --write\n"
        "  argus-trio import --from claude-desktop - < claude_desktop_config.json\n",
        allow_abbrev=False,
    )
    command.add_argument("files", nargs="*", metavar="FILE", help="a client's file, or a configuration; - is stdin")
    command.add_argument(
        "--from",
        dest="source",
        metavar="CLIENT",
        choices=(*CLIENTS, "argus"),
        help="whose files: " + ", ".join((*CLIENTS, "argus")) + "; default: what their names and contents say",
    )
    command.add_argument("--only", action="append", default=[], metavar="NAME", help="this server; may be given again")
    command.add_argument("--write", action="store_true", help="write the configuration, and secrets to the env file")
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="PATH",
        help="where --write puts the configuration; default: ./config.yaml",
    )
    command.add_argument(
        "--env-file",
        type=Path,
        metavar="PATH",
        help="where --write puts the secrets, readable by you alone; default: argus.env beside the configuration",
    )


def _add_client(add: AddParser, add_config: AddConfig) -> None:
    command = add(
        "client",
        help="print, or put in place, what points an AI client at the gateway",
        description="Print what points an AI client at the gateway, or put it into the client's file. Without a name, "
        "the clients that are known, and which of their files are there.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  argus-trio client\n"
        "  argus-trio client cursor\n"
        "  argus-trio client claude-desktop --write\n"
        "  argus-trio client vscode --project --view safe --write\n"
        "  argus-trio client codex --with-token --write\n"
        "  argus-trio client cursor --remove\n",
        allow_abbrev=False,
    )
    command.add_argument("client", nargs="?", metavar="CLIENT", choices=CLIENTS, help=", ".join(CLIENTS))
    command.add_argument(
        "--url",
        help="the gateway's address, with or without /mcp at its end; default: $ARGUS_URL, what the configuration "
        "says, http://127.0.0.1:9000",
    )
    command.add_argument("--view", default="", metavar="NAME", help="the endpoint of this view")
    command.add_argument(
        "--name",
        type=kinds.client_entry,
        default="argus",
        metavar="NAME",
        help="what the client calls it; default: argus",
    )
    token = command.add_mutually_exclusive_group()
    token.add_argument(
        "--with-token",
        action="store_true",
        help="the client sends a token, which it takes from $ARGUS_TOKEN, or (VS Code) asks for; it is never written",
    )
    token.add_argument(
        "--token-file",
        dest="bridge_token_file",
        type=Path,
        metavar="PATH",
        help="the token is in this file: the client starts `argus-trio stdio`, which is given it",
    )
    command.add_argument("--project", action="store_true", help="the file of the project in the current folder")
    command.add_argument("--file", type=Path, metavar="PATH", help="another file than the client's usual one")
    change = command.add_mutually_exclusive_group()
    change.add_argument("--write", action="store_true", help="put it into the file; the old file is kept beside it")
    change.add_argument("--remove", action="store_true", help="take it out of the file; the old file is kept beside it")
    add_config(command)


def _add_doctor(add: AddParser, add_config: AddConfig) -> None:
    command = add(
        "doctor",
        help="find what is wrong, and say what to do",
        description="Look at the configuration, the machine, the backends and the clients' files, and say what is "
        "wrong and what to do. Where no gateway runs the file, each backend is started for a moment, as `serve` does. "
        "Nothing is changed.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit codes: 0 nothing is wrong; 1 something is; 2 wrong usage; 130 interrupted\n\n"
        "examples:\n"
        "  argus-trio doctor\n"
        "  argus-trio doctor --no-start\n"
        "  argus-trio doctor --json | jq .findings\n",
        allow_abbrev=False,
    )
    command.add_argument("--no-start", action="store_true", help="start no backend")
    command.add_argument(
        "--wait",
        type=kinds.seconds,
        default=DOCTOR_SECONDS,
        metavar="SECONDS",
        help=f"how long to wait for backends that are started; default: {DOCTOR_SECONDS:g}",
    )
    add_config(command)
    add_where(command)
