"""The arguments of all commands. Nothing is loaded here that help, the version and completion would wait for."""

from __future__ import annotations

import argparse
from pathlib import Path

from argus_trio import __version__
from argus_trio.bridge.defaults import DEFAULT_URL, WAIT_SECONDS
from argus_trio.cli.arguments import coming, kinds, verbs
from argus_trio.cli.arguments.intermixed import CommandParser, IntermixedParser

_EPILOG = """\
exit codes: 0 done; 1 failed or refused; 2 wrong usage; 3 no gateway reached; 4 not allowed; 5 the tool says that it
failed; 130 interrupted

The commands that ask a running gateway find it by --server, else $ARGUS_URL, else the Unix socket of a gateway of the
same user, else at http://127.0.0.1:9000. docs/commands.md tells all of it.

examples:
  argus-trio serve -c config.yaml
  argus-trio status
  argus-trio call files__read_file path=/srv/notes.txt
  argus-trio logs files -f
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    whole = CommandParser(
        prog="argus-trio",
        description="One MCP endpoint in front of many MCP servers.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="version", version=f"argus-trio {__version__}")
    verbs.add_where(whole)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=IntermixedParser)
    serve = commands.add_parser("serve", help="run the gateway")
    _add_config(serve)
    serve.add_argument("--host", help="listen on this address instead of server.host")
    serve.add_argument("--port", type=kinds.port, help="listen on this port instead of server.port; 0 takes a free one")
    serve.add_argument("--log-format", choices=("console", "json"), default="console", help="default: console")
    serve.add_argument("--log-level", choices=verbs.LOG_LEVELS, default="info", help="default: info")
    _add_stdio(commands.add_parser("stdio", help="carry a client that speaks stdio only to a running gateway"))
    demo = commands.add_parser("demo", help="run the gateway in front of two sample servers, without configuration")
    demo.add_argument("--port", type=kinds.port, default=9000, help="listen on this port; default: 9000")
    _add_config(commands.add_parser("check", help="check the configuration and list every problem"))
    _add_isolation(commands.add_parser)
    explain = commands.add_parser(
        "explain",
        help="say whether somebody may use something, and by which rule",
        description="Say whether somebody may use something, and by which rule; exit code 1 says no.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  argus-trio explain alice files__read_file\n"
        "  argus-trio explain --live alice manage:operate\n",
    )
    _add_explain(explain)
    commands.add_parser("schema", help="print the JSON Schema of the configuration")
    _add_images(commands)
    coming.add_coming(commands.add_parser, _add_config)
    verbs.add_verbs(commands.add_parser)
    _add_tui(commands.add_parser)
    completion = commands.add_parser(
        "completion",
        help="print a shell's completion script",
        description="Print the completion script of a shell.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  argus-trio completion bash > ~/.local/share/bash-completion/completions/argus-trio\n"
        '  argus-trio completion zsh > "${fpath[1]}/_argus-trio"\n'
        "  argus-trio completion fish > ~/.config/fish/completions/argus-trio.fish\n",
    )
    completion.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")
    return whole


def _add_config(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="PATH",
        help="the configuration; default: $ARGUS_CONFIG, ./config.yaml, ./config.yml, "
        "$XDG_CONFIG_HOME/argus-trio/config.yaml (~/.config, where that is unset), /etc/argus-trio/config.yaml",
    )


def _add_images(commands: argparse._SubParsersAction[IntermixedParser]) -> None:
    build = commands.add_parser(
        "build",
        help="make the container images of backends ahead of time",
        description="Make the container images of backends ahead of time, by the file and the local engine.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="exit codes: 0 every image is there; 1 one is not; 2 a backend is not in the file; 130 interrupted\n\n"
        "examples:\n"
        "  argus-trio build\n"
        "  argus-trio build time --update\n",
    )
    build.add_argument("names", nargs="*", metavar="BACKEND", help="whose image; default: those of all")
    build.add_argument("--update", action="store_true", help="make them anew, of the newest versions that are allowed")
    _add_config(build)
    clean = commands.add_parser(
        "clean",
        help="remove container images and containers that nobody needs",
        description="Remove images that were made here and no backend of the file needs, and containers of gateways "
        "that are gone. What was not made here is never touched.",
    )
    clean.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    clean.add_argument("--homes", action="store_true", help="also homes that no backend has any more; asks for each")
    _add_config(clean)


def _add_isolation(add: verbs.AddParser) -> None:
    command = add(
        "isolation",
        help="show which backends would run in containers, and how, before anything starts",
        description="Show which stdio backends would run in containers, and how, by the file and the engine of this "
        "machine. Nothing is started or built. Exit code 1: one of them is refused, or the file has problems.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  argus-trio isolation\n"
        "  argus-trio isolation files\n"
        "  argus-trio isolation --json | jq .plans\n",
    )
    command.add_argument("backend", metavar="BACKEND", nargs="?", help="all that is decided of this one")
    command.add_argument("--json", action="store_true", help="print all that is decided, as JSON")
    _add_config(command)


def _add_tui(add: verbs.AddParser) -> None:
    command = add(
        "tui",
        help="show a running gateway on the terminal, and operate it there",
        description="Show a running gateway on the terminal: backends, tools with a form for each, traffic, "
        "configuration, events. `?` shows the keys.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  argus-trio tui\n"
        "  argus-trio tui --server https://gateway.example.com --token-file ~/.token\n"
        "  argus-trio tui --server staging  (a name of servers.yaml)\n"
        "  argus-trio tui --read-only\n",
        allow_abbrev=False,
    )
    command.add_argument(
        "--servers",
        type=Path,
        metavar="PATH",
        help="a list of gateways to look at; default: $XDG_CONFIG_HOME/argus-trio/servers.yaml (~/.config, where that "
        "is unset), if it is there",
    )
    command.add_argument("--read-only", action="store_true", help="offer nothing that changes the gateway")
    verbs.add_where(command, prints=False)


def _add_explain(command: argparse.ArgumentParser) -> None:
    command.add_argument("principal", metavar="PRINCIPAL", help="who asks; its roles are those of its credentials")
    command.add_argument(
        "name",
        metavar="NAME",
        help="a tool as it is shown, or KIND:NAME with tool, prompt, resource, method or manage, or "
        "backend:NAME/KIND:NAME with the backend's own name",
    )
    command.add_argument("--role", action="append", default=[], help="a role that it has besides; may be given again")
    command.add_argument("--args", type=kinds.json_object, metavar="JSON", help="the arguments of the call")
    command.add_argument("--endpoint", default="", metavar="VIEW", help="the view whose endpoint is used")
    command.add_argument("--live", action="store_true", help="ask the running gateway instead of reading the file")
    _add_config(command)
    verbs.add_where(command)


def _add_stdio(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--url",
        help=f"the gateway, with or without /mcp, /sse or /manage/v1 at its end; default: $ARGUS_URL, {DEFAULT_URL}",
    )
    command.add_argument(
        "--view", default="", metavar="NAME", help="the endpoint of this view, as in views: of the file"
    )
    command.add_argument(
        "--header",
        action="append",
        type=kinds.header,
        default=[],
        metavar="'NAME: VALUE'",
        help="sent with every request; others can see it in the list of processes, so a secret is better off in "
        "$ARGUS_TOKEN, which is sent as Authorization: Bearer",
    )
    command.add_argument(
        "--wait",
        type=kinds.seconds,
        default=WAIT_SECONDS,
        metavar="SECONDS",
        help="how long a message waits while nobody listens at the gateway's address, because it has not been started "
        f"yet or is being restarted; 0: not at all; default: {WAIT_SECONDS:g}",
    )
    command.add_argument("--log-level", choices=verbs.LOG_LEVELS, default="warning", help="on stderr; default: warning")
