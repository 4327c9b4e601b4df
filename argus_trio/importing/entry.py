"""The entry of a backend, out of a server as a client's file declares it."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Final
from urllib.parse import unquote

import attrs

from argus_trio.client_files.server import DeclaredServer, VariableReference, WrittenText
from argus_trio.importing.result import ConfigTree
from argus_trio.importing.secret_forms import (
    TextPiece,
    header_pieces,
    is_secret_name,
    named_pieces,
    unnamed_pieces,
)
from argus_trio.importing.variables import VariableBook, own_pieces, variable_name

_OPTION: Final = re.compile(r"--?[A-Za-z][\w.-]*")
_ASSIGNMENT: Final = re.compile(r"(-{0,2}[A-Za-z_][\w.-]*)=")
_HEADER: Final = re.compile(r"([A-Za-z0-9-]+):[ \t]*")
_USER_INFO: Final = re.compile(r"(https?://)([^/?#\s]*)@", re.IGNORECASE)
_OWN_HEADERS: Final = frozenset(
    {"accept", "connection", "content-length", "content-type", "host", "last-event-id", "mcp-protocol-version"}
    | {"mcp-session-id", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that the transport sets by itself."""
_CALL_MAX_SECONDS: Final = 3600.0
"""What a call may be extended to unless a configuration says more."""
_RELATIVE: Final = re.compile(r"\.{1,2}(?:/.*)?|[\w.-]+(?:/[\w.-]+)*\.(?:py|js|mjs|cjs|ts|sh|json|ya?ml)")


_PLACEHOLDER: Final = re.compile(
    r"<.*>|\[.*\]|\{\{?.*\}|x{4,}|\.{3,}|\*{3,}|todo|changeme|.*[_-]here"
    r"|(?:your|my|insert|replace|enter|put|change)[ _-].*",
    re.IGNORECASE | re.DOTALL,
)
"""What stands in an example for a value that everybody has to fill in."""


@attrs.define(eq=False, repr=False, kw_only=True)
class EntryMaker:
    """Makes one entry; what it changes on the way is in its lists."""

    server: DeclaredServer
    book: VariableBook
    name: str
    """What the backend is called, which is in the names of its variables."""
    file_env: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """What the file of variables says that its client reads for it."""
    changes: list[str] = attrs.field(factory=list)
    todo: list[str] = attrs.field(factory=list)
    dropped: list[str] = attrs.field(factory=list)
    moved: list[str] = attrs.field(factory=list)
    """The variables that its secrets are."""

    def entry(self) -> ConfigTree:
        """The entry, in the order of the reference."""
        server = self.server
        self.book.used.clear()
        entry = self._stdio() if server.transport == "stdio" else self._remote()
        if not server.is_enabled:
            entry["enabled"] = False
        if timeouts := dict(self._timeouts()):
            entry["timeouts"] = timeouts
        if globs := {key: [_glob(each) for each in names] for key, names in self._named_tools() if names}:
            entry["filters"] = {"tools": globs}
        if moved := sorted(set(self.book.used)):
            self.moved += moved
            for each in moved:
                if _PLACEHOLDER.fullmatch(self.book.values[each]):
                    self.todo.append(f"{each} holds a placeholder: put the value into the env file")
        return entry

    def _named_tools(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        yield "allow", self.server.allow
        yield "deny", self.server.deny

    def _written(self, pieces: Iterable[TextPiece]) -> str:
        return self.book.written(pieces, self.name)

    def _stdio(self) -> dict[str, object]:
        server = self.server
        entry: dict[str, object] = {"type": "stdio", "command": self._command()}
        if server.args:
            entry["args"] = [self._written(each) for each in argument_pieces(server.args)]
        variables, passed_on = self._environment()
        if variables:
            entry["env"] = variables
        if passed_on:
            entry["env_from"] = passed_on
        if server.cwd.parts:
            entry["cwd"] = self._written(server.cwd.parts)
        elif server.origin.project and is_relative(server):
            entry["cwd"] = self._written((server.origin.project,))
            self.changes.append("its arguments are paths within its project: cwd is that")
        return entry

    def _command(self) -> str:
        literal, project = self.server.command.literal, self.server.origin.project
        if literal is None or "/" not in literal or literal.startswith(("/", "~/")):
            return self._written(self.server.command.parts)
        cwd = self.server.cwd.literal or ""
        if base := cwd if cwd.startswith("/") else project:
            self.changes.append("its command is a path within its project: it is written from the root")
            return self._written((str(PurePath(base) / literal),))
        self.todo.append(
            f"write the command {literal} from the root: here it starts at the folder of the configuration"
        )
        return self._written(self.server.command.parts)

    def _environment(self) -> tuple[dict[str, str], list[str]]:
        variables: dict[str, str] = {}
        passed_on: list[str] = []
        declared = {name: WrittenText((value,)) for name, value in self.file_env.items()} | dict(self.server.env)
        for name, text in declared.items():
            if _is_same_variable(name, text) and name in self.book.environ:
                passed_on.append(name)
            else:
                variables[name] = self._written(own_pieces(named_pieces(text, name), name))
        if passed_on:
            self.changes.append(f"{', '.join(passed_on)}: passed on from the gateway's own environment (env_from)")
        return variables, passed_on

    def _remote(self) -> dict[str, object]:
        server = self.server
        url, basic = self._address()
        headers = dict(server.headers)
        if basic and not any(each.lower() == "authorization" for each in headers):
            headers["Authorization"] = WrittenText((basic,))
        entry: dict[str, object] = {"type": self._transport(), "url": self._written(unnamed_pieces(url))}
        if written := dict(self._headers(headers)):
            entry["headers"] = written
        if server.ca_file:
            entry["tls"] = {"ca_file": self._written((server.ca_file,))}
        return entry

    def _transport(self) -> str:
        if self.server.transport != "http":
            return self.server.transport
        literal = re.split("[?#]", self.server.url.literal or "")[0].rstrip("/")
        found = "sse" if literal.endswith("/sse") else "streamable-http"
        other = "streamable-http" if found == "sse" else "sse"
        self.changes.append(f"its file does not say which transport it speaks: {found}; if not, write type: {other}")
        return found

    def _address(self) -> tuple[WrittenText, str]:
        """The address without user and password, and these as the value of a header."""
        url = self.server.url
        first = url.parts[0] if url.parts and isinstance(url.parts[0], str) else ""
        found = _USER_INFO.match(first)
        if found is None:
            return url, ""
        user, _, password = found[2].partition(":")
        token = b64encode(f"{unquote(user)}:{unquote(password)}".encode("utf-8", "replace")).decode()
        self.changes.append("user and password of its address are in the header Authorization")
        return WrittenText((found[1] + first[found.end() :], *url.parts[1:])), f"Basic {token}"

    def _headers(self, headers: Mapping[str, WrittenText]) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        for name, text in headers.items():
            if name.lower() in _OWN_HEADERS:
                self.dropped.append(f"the header {name}: the gateway sets it by itself")
            elif name.lower() in seen:
                self.dropped.append(f"the header {name}: it is there twice")
            else:
                literal = text.literal
                value = text if literal is None else WrittenText((literal.strip(),))
                yield name, self._written(header_pieces(value, name))
            seen.add(name.lower())

    def _timeouts(self) -> Iterator[tuple[str, float]]:
        for key, seconds in (("connect", self.server.connect_seconds), ("call", self.server.call_seconds)):
            if seconds is None:
                continue
            if not math.isfinite(seconds) or seconds < 0.001:
                self.dropped.append(f"a timeout of {seconds:g} seconds: {key} has its default")
                continue
            yield key, seconds
            if key == "call" and seconds > _CALL_MAX_SECONDS:
                yield "call_max", seconds


def is_relative(server: DeclaredServer) -> bool:
    """Whether what it starts depends on the folder in which it does."""
    command = server.command.literal or ""
    is_path = "/" in command and not command.startswith(("/", "~/"))
    return is_path or any(_RELATIVE.fullmatch(each.literal or "") for each in server.args)


def argument_pieces(args: tuple[WrittenText, ...]) -> Iterator[tuple[TextPiece, ...]]:
    """The arguments of a program, each taken apart: what follows an option goes by its name."""
    before = ""
    for arg in args:
        yield tuple(_argument(arg, before))
        before = arg.literal or ""


def _argument(arg: WrittenText, before: str) -> tuple[TextPiece, ...]:
    first = arg.parts[0] if arg.parts and isinstance(arg.parts[0], str) else ""
    if before in ("--header", "-H", "--headers") and (found := _HEADER.match(first)):
        return (found[0], *header_pieces(_behind(arg, found.end()), found[1]))
    if _OPTION.fullmatch(before) and is_secret_name(before) and not first.startswith("-"):
        return named_pieces(arg, before.lstrip("-"))
    if (found := _ASSIGNMENT.match(first)) and is_secret_name(found[1]):
        return (found[0], *named_pieces(_behind(arg, found.end()), found[1].lstrip("-")))
    return unnamed_pieces(arg)


def _behind(text: WrittenText, at: int) -> WrittenText:
    first, *rest = text.parts
    return WrittenText((str(first)[at:], *rest))


def _is_same_variable(name: str, text: WrittenText) -> bool:
    match text.parts:
        case (VariableReference(name=inner, default=None),):
            return inner == name == variable_name(name)
    return False


def _glob(name: str) -> str:
    """A tool's name as a glob that means it alone."""
    return re.sub(r"[*?\[]", lambda found: f"[{found[0]}]", name)
