"""One entry of a file: a server as its client means it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.client_files.dialects.context import FileContext
from argus_trio.client_files.dialects.shape import ELSEWHERE, LEFT_OUT, TYPES, EntryShape
from argus_trio.client_files.dialects.values import EntryValues, is_null, kind_of, printable
from argus_trio.client_files.jsonc import JsonMember, JsonNode
from argus_trio.client_files.server import (
    DeclaredServer,
    DeclaredTransport,
    FileProblem,
    VariableReference,
    WrittenText,
)

_PROGRAM: Final = re.compile(r"[A-Za-z0-9_.-]+")
UNKNOWN: Final = "is not known here: left out"


def read_entry(member: JsonMember, shape: EntryShape, context: FileContext) -> DeclaredServer | FileProblem:
    """The server that a member declares, or why it declares none."""
    if member.node.members is None:
        what = f"is {kind_of(member.node)}, where an object belongs"
        return context.problem(member.start, f"server {printable(member.name)}: {what}")
    values = EntryValues(node=member.node, scope=context.scope)
    transport = _transport(values, shape)
    if isinstance(transport, _NoServer):
        return context.problem(member.start, f"server {printable(member.name)}: {transport.why}")
    server = DeclaredServer(name=member.name, origin=context.origin(member.start), transport=transport)
    server = _stdio(server, values, shape) if transport == "stdio" else _remote(server, values, shape)
    if not (server.command if transport == "stdio" else server.url).parts:
        what = f"its {'command' if transport == 'stdio' else 'address'} is empty"
        return context.problem(member.start, f"server {printable(member.name)}: {what}")
    server = _whatever_it_is(server, values, shape)
    _leave_out(values, shape)
    return attrs.evolve(server, left_out=tuple(values.left_out))


@attrs.frozen(kw_only=True)
class _NoServer(Value):
    """Why an entry declares no server that could be reached."""

    why: str


def _transport(values: EntryValues, shape: EntryShape) -> DeclaredTransport | _NoServer:
    """How the server is reached: by its type, else by what stands there."""
    given = _given_type(values, shape)
    if isinstance(given, _NoServer):
        return given
    address = next((key for key in shape.urls if values.member(key) is not None), None)
    if address is None and values.member("command") is None:
        return _NoServer(why="has neither a command nor an address")
    if address is None:
        if given not in (None, "stdio"):
            values.remark(shape.types[0], "says an address, and a command stands there: the command counts")
        return "stdio"
    wanted = given or ("http" if shape.url_wins else "stdio")
    if values.member("command") is not None:
        counts, falls = ("command", address) if wanted == "stdio" else (address, "command")
        values.remark(falls, f"stands beside {counts}, which counts: left out")
        if wanted == "stdio":
            return "stdio"
    elif given == "stdio":
        values.remark(shape.types[0], "says stdio, and an address stands there: the address counts")
    elif given is None and shape.skips_untyped:
        values.remark(shape.types[0], "is missing, without which the client skips the server: the address counts")
    if given == "streamable-http" and shape.falls_back:
        return "http"
    return given if given in ("streamable-http", "sse") else shape.urls[address]


def _given_type(values: EntryValues, shape: EntryShape) -> DeclaredTransport | _NoServer | None:
    for key in shape.types:
        node = values.member(key)
        if node is None or not isinstance(node.scalar, str):
            if node is not None:
                values.remark(key, f"is {kind_of(node)}, where a text belongs: left out")
            continue
        word = node.scalar.lower().replace("-", "").replace("_", "")
        if word in ELSEWHERE:
            return _NoServer(why=ELSEWHERE[word])
        if word in TYPES:
            return TYPES[word]
        values.remark(key, "is no transport that is known here: what stands beside it counts")
    return None


def _stdio(server: DeclaredServer, values: EntryValues, shape: EntryShape) -> DeclaredServer:
    command, args, env = _command(values)
    project = values.scope.project
    cwd = values.path(values.text(shape.cwd), shape.cwd, relative=True)
    if not cwd.parts and project is not None and shape.runs_in_project:
        cwd = WrittenText((str(project),))
    return attrs.evolve(
        server,
        command=command,
        args=args,
        env={**_passed(values, shape), **env, **values.mapping(shape.env)},
        env_file=values.path(values.text(shape.env_file), shape.env_file, relative=True),
        cwd=cwd,
    )


def _command(values: EntryValues) -> tuple[WrittenText, tuple[WrittenText, ...], Mapping[str, WrittenText]]:
    """The command, its arguments, and variables that stand with it, in whatever form they are written."""
    node = values.member("command") or values.node
    args, env = _args(values), dict[str, WrittenText]()
    if node.members is not None:  # Zed, until 2025: {path, args, env}
        inner = EntryValues(node=node, scope=values.scope, left_out=values.left_out)
        command, env = inner.text("path"), inner.mapping("env")
        args = inner.texts("args") + args
    elif node.items is not None:  # opencode: the whole command line
        first, *rest = values.texts("command") or (WrittenText(()),)
        command, args = first, (*rest, *args)
    else:
        command = values.text("command")
        if not args and (words := _words_of(command)):
            values.remark("command", f"is a whole command line: read as a command with {len(words) - 1} arguments")
            command, args = WrittenText((words[0],)), tuple(WrittenText((each,)) for each in words[1:])
    if command.literal in ("cmd", "cmd.exe") and args[:1] and (args[0].literal or "").lower() == "/c":
        values.remark("command", "is started by the shell of Windows: read as what it starts")
        command, args = (*args[1:2], WrittenText(()))[0], args[2:]
    return values.path(command, "command", relative=_is_relative(command)), args, env


def _args(values: EntryValues) -> tuple[WrittenText, ...]:
    node = values.member("args")
    if node is None or not isinstance(node.scalar, str):
        return values.texts("args")
    try:
        words = shlex.split(node.scalar)
    except ValueError:
        words = node.scalar.split()
    values.remark("args", f"is a text, where a list belongs: read as {len(words)} arguments")
    return tuple(values.scope.read(each)[0] for each in words)


def _words_of(command: WrittenText) -> list[str]:
    """The words of a command that is a whole command line; none if it is not, as a path with a space is not."""
    text = command.literal or ""
    first, _, rest = text.strip().partition(" ")
    if not rest.strip() or not _PROGRAM.fullmatch(first):
        return []
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _is_relative(command: WrittenText) -> bool:
    """Whether a command is a path from the folder where it is started, and no name to look up."""
    return "/" in (command.literal or "") and not (command.literal or "").startswith(("/", "~"))


def _passed(values: EntryValues, shape: EntryShape) -> dict[str, WrittenText]:
    """Variables of the client's own environment that the server gets."""
    node = values.member(shape.passed_variables)
    if node is None or node.items is None:
        return {}
    names = [each.scalar if each.members is None else _scalar(each.member("name")) for each in node.items]
    return {each: WrittenText((VariableReference(name=each),)) for each in names if isinstance(each, str)}


def _scalar(node: JsonNode | None) -> object:
    return None if node is None else node.scalar


def _remote(server: DeclaredServer, values: EntryValues, shape: EntryShape) -> DeclaredServer:
    address = next(key for key in shape.urls if values.member(key) is not None)
    headers = values.mapping(shape.headers)
    for name, value in values.mapping(shape.header_variables).items():
        if value.literal:
            headers[name] = WrittenText((VariableReference(name=value.literal, is_secret=True),))
    if variable := values.text(shape.bearer_variable).literal:
        headers["Authorization"] = WrittenText(("Bearer ", VariableReference(name=variable, is_secret=True)))
    for key in ("args", shape.env, shape.env_file, shape.cwd):
        node = values.member(key)
        if node is not None and not _says_nothing(node):
            values.remark(key, "means nothing for a server at an address: left out")
    return attrs.evolve(server, url=values.text(address), headers=headers)


def _whatever_it_is(server: DeclaredServer, values: EntryValues, shape: EntryShape) -> DeclaredServer:
    enabled, disabled = values.flag(shape.enabled), values.flag(shape.disabled)
    allow = values.names(shape.allow)
    if (only := values.member(shape.allow)) is not None and only.items == ():
        values.remark(shape.allow, "is empty: all tools are shown, unless filters.tools says which")
    return attrs.evolve(
        server,
        is_enabled=enabled is not False and disabled is not True,
        allow=() if "*" in allow else allow,
        deny=values.names(shape.deny),
        call_seconds=_seconds(values, shape.call_seconds),
        connect_seconds=_seconds(values, shape.connect_seconds),
    )


def _seconds(values: EntryValues, keys: Mapping[str, float]) -> float | None:
    return next((found for key, unit in keys.items() if (found := values.seconds(key, unit)) is not None), None)


def _leave_out(values: EntryValues, shape: EntryShape) -> None:
    """Tell of every member that was not read and says something."""
    why = {**LEFT_OUT, **shape.left_out}
    seen: set[str] = set()
    for each in values.node.members or ():
        if each.name in seen:
            values.remark(each.name, "stands twice: the last counts")
        elif each.name not in shape.known and not _says_nothing(each.node):
            values.remark(each.name, why.get(each.name, UNKNOWN))
        seen.add(each.name)


def _says_nothing(node: JsonNode) -> bool:
    """Whether a value is what would hold without it: null, false, an empty text, list or object."""
    return is_null(node) or node.scalar in (False, "") or node.items == () or node.members == ()
