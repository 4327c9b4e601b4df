"""The command `argus-trio`: its arguments, its exit codes, and what it prints.

Exit codes: 0 done, 1 a problem that the message names (of `explain`: it is denied), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import msgspec
import structlog
import trio

from argus_trio import __version__
from argus_trio.app import run_gateway
from argus_trio.backends.process.open_files import raise_open_files
from argus_trio.bridge.gateway_wait import WAIT_SECONDS
from argus_trio.bridge.run import DEFAULT_URL, run_bridge
from argus_trio.config.check.authorization.explain import NoQuestion, Question, explain
from argus_trio.config.check.report import render_checked, render_problems
from argus_trio.config.file import ConfigFile
from argus_trio.config.load import load
from argus_trio.config.model.config import Config
from argus_trio.config.read.find import find_config
from argus_trio.config.structure.schema import schema
from argus_trio.core.call.via import VARIABLE
from argus_trio.core.log_level import LEVELS, CurrentLevel
from argus_trio.core.redaction import Redactor
from argus_trio.demo import run_demo
from argus_trio.errors import ConfigInvalid, LinkFailed, ListenFailed, Problem
from argus_trio.logs.setup import Format, set_up_logs
from argus_trio.logs.writer import writing_log
from argus_trio.pipeline.build import build_pipeline
from argus_trio.wire.envelope import decode_object
from argus_trio.wire.headers import TOKEN, VIA

log = structlog.get_logger()

_STDERR: Final = 2
"""The descriptor of the log and of complaints: written to directly, for `sys.stderr` is None where it was closed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code."""
    _hold_standard_descriptors()
    options = _parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options) or 0
    except ConfigInvalid as invalid:
        _complain(render_problems(invalid))
        return 1
    except (ListenFailed, LinkFailed) as failure:
        _complain(f"argus-trio: {failure}")
        return 1


def _complain(text: str) -> None:
    with suppress(OSError):  # a stderr that is closed or full must not change the exit code
        os.write(_STDERR, text.encode("utf-8", "backslashreplace") + b"\n")


def _hold_standard_descriptors() -> None:
    """Open what of stdin, stdout and stderr is closed as /dev/null: nothing else may get their numbers, and be written
    to as the log."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(opened)


@contextmanager
def _logging(form: Format, level: CurrentLevel, redact: Redactor) -> Iterator[None]:
    with writing_log(_STDERR) as writer:
        set_up_logs(form, level, redact, writer.write, colours=os.isatty(_STDERR))
        yield


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="argus-trio", description="One MCP endpoint in front of many MCP servers.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"argus-trio {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run the gateway")
    _add_config(serve)
    serve.add_argument("--host", help="listen on this address instead of server.host")
    serve.add_argument("--port", type=_port, help="listen on this port instead of server.port; 0 takes a free one")
    serve.add_argument("--log-format", choices=("console", "json"), default="console", help="default: console")
    serve.add_argument("--log-level", choices=LEVELS, default="info", help="default: info")
    _add_stdio(commands.add_parser("stdio", help="carry a client that speaks stdio only to a running gateway"))
    demo = commands.add_parser("demo", help="run the gateway in front of two sample servers, without configuration")
    demo.add_argument("--port", type=_port, default=9000, help="listen on this port; default: 9000")
    _add_config(commands.add_parser("check", help="check the configuration and list every problem"))
    _add_explain(commands.add_parser("explain", help="say whether somebody may use something, and by which rule"))
    commands.add_parser("schema", help="print the JSON Schema of the configuration")
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="PATH",
        help="the configuration; default: $ARGUS_CONFIG, ./config.yaml, ./config.yml, "
        "$XDG_CONFIG_HOME/argus-trio/config.yaml (~/.config, where that is unset), /etc/argus-trio/config.yaml",
    )


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("principal", metavar="PRINCIPAL", help="who asks; its roles are those of its credentials")
    parser.add_argument(
        "name",
        metavar="NAME",
        help="a tool as it is shown, or KIND:NAME with tool, prompt, resource, method or manage, or "
        "backend:NAME/KIND:NAME with the backend's own name",
    )
    parser.add_argument("--role", action="append", default=[], help="a role that it has besides; may be given again")
    parser.add_argument("--args", type=_json_object, metavar="JSON", help="the arguments of the call")
    parser.add_argument("--endpoint", default="", metavar="VIEW", help="the view whose endpoint is used")
    _add_config(parser)


def _json_object(text: str) -> bytes:
    try:
        decode_object(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise argparse.ArgumentTypeError('expected a JSON object such as \'{"path": "/srv/public/a"}\'') from None
    return text.encode()


def _add_stdio(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", help=f"the gateway; default: $ARGUS_URL, {DEFAULT_URL}")
    parser.add_argument(
        "--view", default="", metavar="NAME", help="the endpoint of this view, as in views: of the file"
    )
    parser.add_argument(
        "--header",
        action="append",
        type=_header,
        default=[],
        metavar="'NAME: VALUE'",
        help="sent with every request; others can see it in the list of processes, so a secret is better off in "
        "$ARGUS_TOKEN, which is sent as Authorization: Bearer",
    )
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=WAIT_SECONDS,
        metavar="SECONDS",
        help="how long a message waits while nobody listens at the gateway's address, because it has not been started "
        f"yet or is being restarted; 0: not at all; default: {WAIT_SECONDS:g}",
    )
    parser.add_argument("--log-level", choices=LEVELS, default="warning", help="on stderr; default: warning")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not TOKEN.fullmatch(name) or not value.isprintable():
        raise argparse.ArgumentTypeError("a header is written 'NAME: VALUE'")  # its value may be a secret
    return name, value.strip()


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write a number of seconds such as 20, or 0 for none")
    return seconds


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _load(options: argparse.Namespace) -> tuple[Path, Config]:
    path = find_config(options.config, environ=os.environ, cwd=Path.cwd())
    return path, load(path, environ=os.environ)


def _serve(options: argparse.Namespace) -> None:
    path = find_config(options.config, environ=os.environ, cwd=Path.cwd()).absolute()
    redact, level = Redactor(), CurrentLevel(options.log_level)
    with _logging(options.log_format, level, redact), _unharmed_by_hangups():
        file = ConfigFile(path=path, environ=os.environ, host=options.host, port=options.port, warn=_warn)
        config = file.read()
        redact.learn(config.secrets)
        raise_open_files()
        log.info("starting", version=__version__, config=str(path), backends=list(config.backends))
        trio.run(
            partial(run_gateway, config, file=file, redact=redact, log_level=level, on_listening=lambda _urls: None)
        )


def _warn(warning: Problem) -> None:
    log.warning("config_warning", **attrs.asdict(warning))


@contextmanager
def _unharmed_by_hangups() -> Iterator[None]:
    """Let SIGHUP, which asks a running gateway to reload, do nothing while one starts, and once it has stopped."""
    signal.signal(signal.SIGHUP, lambda *_: None)  # not ignored: the backends would inherit that
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a handler would not last until the process has ended


def _demo(options: argparse.Namespace) -> None:
    with _logging("console", CurrentLevel("warning"), Redactor()):
        trio.run(run_demo, options.port)


def _stdio(options: argparse.Namespace) -> None:
    headers: dict[str, str] = dict(options.header)
    token = os.environ.get("ARGUS_TOKEN", "").strip()
    if not token.isprintable():
        raise LinkFailed("$ARGUS_TOKEN holds a character that cannot be sent")
    if token and not any(name.lower() == "authorization" for name in headers):
        headers["Authorization"] = f"Bearer {token}"
    if by := os.environ.get(VARIABLE, ""):  # a gateway has started this, and may be the one at the other end
        headers[VIA] = by
    url = options.url or os.environ.get("ARGUS_URL") or DEFAULT_URL
    with _logging("console", CurrentLevel(options.log_level), Redactor({*headers.values(), token})):
        trio.run(partial(run_bridge, url, headers, view=options.view, wait_seconds=options.wait))


def _check(options: argparse.Namespace) -> None:
    path, config = _load(options)
    build_pipeline(config, source=str(path), folder=path.absolute().parent)
    sys.stdout.write(render_checked(str(path), config) + "\n")


def _explain(options: argparse.Namespace) -> int:
    _, config = _load(options)
    question = Question(
        principal=options.principal,
        name=options.name,
        roles=tuple(options.role),
        arguments=options.args,
        endpoint=options.endpoint,
    )
    try:
        explanation = explain(config, question)
    except NoQuestion as error:
        _complain(f"argus-trio: {error}")
        return 2
    sys.stdout.write("\n  ".join(explanation.lines) + "\n")
    return 0 if explanation.is_allowed else 1


def _schema(_options: argparse.Namespace) -> None:
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")


_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int | None]]] = {
    "serve": _serve,
    "demo": _demo,
    "stdio": _stdio,
    "check": _check,
    "explain": _explain,
    "schema": _schema,
}
