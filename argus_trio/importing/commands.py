"""Commands as users of other programs write them, made to run here: without a shell, a question, a bridge."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.client_files.server import DeclaredServer, DeclaredTransport, VariableReference, WrittenText

_WINDOWS_NAME: Final = re.compile(
    r"(?:.*[/\\])?(npx|npm|uvx|uv|node|python|bunx|pnpm|docker)\.(?:cmd|exe|bat|ps1)", re.IGNORECASE
)
_BRIDGE: Final = re.compile(r"mcp-remote(?:@[\w.^~-]+)?")
_BRIDGE_TRANSPORT: Final[Mapping[str, DeclaredTransport]] = {"sse-only": "sse", "sse-first": "sse"}
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_RUNNERS: Final = frozenset({"docker", "podman"})
_ANSWERS: Final = frozenset({"-y", "--yes", "--no", "--no-install"})
"""What keeps `npx` from asking."""
_BRIDGE_OPTIONS: Final = frozenset({"--allow-http", "--debug", "--silent"})
"""What says nothing that matters here."""


@attrs.frozen(kw_only=True)
class PlainCommand(Value):
    """A server whose command runs here, and what was changed for that."""

    server: DeclaredServer
    changes: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def plain_command(server: DeclaredServer) -> PlainCommand:
    """A server with its command made plain, step by step."""
    found = PlainCommand(server=server)
    for step in _STEPS:
        if found.server.transport == "stdio":
            found = step(found)
    return found


def _whole_line(found: PlainCommand) -> PlainCommand:
    """A command line in the place of a program."""
    literal = found.server.command.literal
    if literal is None or len(literal.split()) < 2 or "\\" in literal:
        return found
    try:
        program, *words = shlex.split(literal)
    except ValueError:
        return found
    if "/" in program or program != literal.split()[0]:
        return found  # a path with blanks in it, maybe
    args = (*(WrittenText((each,)) for each in words), *found.server.args)
    return _changed(found, "its command held arguments: they are in args", command=WrittenText((program,)), args=args)


def _windows(found: PlainCommand) -> PlainCommand:
    """`cmd /c npx …`, `npx.cmd`."""
    command, args = found.server.command.literal or "", found.server.args
    is_shell = re.fullmatch(r"(?:.*[/\\])?cmd(?:\.exe)?", command, re.IGNORECASE) is not None
    if is_shell and len(args) > 1 and (args[0].literal or "").lower() in ("/c", "/k"):
        found = _changed(found, f"{command} is of Windows: what it runs is run", command=args[1], args=args[2:])
    command = found.server.command.literal or ""
    if name := _WINDOWS_NAME.fullmatch(command):
        plain = name[1].lower()
        found = _changed(
            found, f"{command} is called {plain} here", command=WrittenText((plain,)), args=found.server.args
        )
    return found


def _answered(found: PlainCommand) -> PlainCommand:
    """`npx` asks on stdin whether it may install, where nobody answers."""
    server = found.server
    if server.command.literal is None or server.command.literal.rsplit("/", 1)[-1] != "npx":
        return found
    before = ""
    for word in (each.literal or "" for each in server.args):
        if word in _ANSWERS:
            return found
        if not word.startswith("-") and before not in ("-p", "--package"):
            break  # what follows is the package's own
        before = word
    return _changed(found, "npx got -y: it would ask whether to install", args=(WrittenText(("-y",)), *server.args))


def _bridged(found: PlainCommand) -> PlainCommand:
    """`mcp-remote URL`: what carries stdio to an address is not needed here."""
    server = found.server
    words = [server.command, *server.args]
    at = next((number for number, each in enumerate(words) if _BRIDGE.fullmatch(_last(each))), None)
    if at is None or at + 1 >= len(words):
        return found
    if at and _last(server.command) not in ("npx", "bunx", "pnpm", "pnpx", "yarn", "node", "deno"):
        return found
    read = _BridgeWords(env=server.env)
    read.read(words[at + 1 :])
    if read.url is None:
        return found
    remote = attrs.evolve(
        server,
        transport=read.transport,
        url=read.url,
        headers=read.headers,
        command=WrittenText(()),
        args=(),
        env={},
        cwd=WrittenText(()),
    )
    change = "mcp-remote is not needed: the gateway connects to its address"
    todo = () if read.headers else (_SIGN_IN,)
    return attrs.evolve(
        found,
        server=remote,
        changes=(*found.changes, change),
        todo=(*found.todo, *todo),
        dropped=(*found.dropped, *read.dropped),
    )


_SIGN_IN: Final = (
    "where its server wants a login in a browser, which mcp-remote did, the gateway needs a token: put that into "
    "headers, or keep the command of mcp-remote"
)


@attrs.define(eq=False, repr=False, kw_only=True)
class _BridgeWords:
    """Reads what follows `mcp-remote`."""

    env: Mapping[str, WrittenText]
    url: WrittenText | None = None
    transport: DeclaredTransport = "http"
    headers: dict[str, WrittenText] = attrs.field(factory=dict)
    dropped: list[str] = attrs.field(factory=list)

    def read(self, words: list[WrittenText]) -> None:
        at = 0
        while at < len(words):
            word = words[at]
            option = word.literal or ""
            if option in ("--header", "--transport") and at + 1 < len(words):
                at += 1
                self._valued(option, words[at])
            elif option in _BRIDGE_OPTIONS or (option.isdigit() and self.url is not None):
                pass
            elif option.startswith("--"):
                self.dropped.append(f"{option} of mcp-remote has no counterpart")
            elif self.url is None and re.match("https?://", _start(word)):
                self.url = _with_values(word, self.env)
            at += 1

    def _valued(self, option: str, value: WrittenText) -> None:
        if option == "--transport":
            self.transport = _BRIDGE_TRANSPORT.get(value.literal or "", "streamable-http")
            return
        name, colon, rest = _start(value).partition(":")
        if not colon:
            self.dropped.append("a --header of mcp-remote is no header")
            return
        text = WrittenText((rest.lstrip(), *value.parts[1:]))
        self.headers[name.strip()] = _with_values(text, self.env)


def _with_values(text: WrittenText, env: Mapping[str, WrittenText]) -> WrittenText:
    """A text with the variables of the bridge's own environment filled in."""
    parts: list[str | VariableReference] = []
    for part in text.parts:
        if isinstance(part, VariableReference):
            parts += env[part.name].parts if part.name in env else (part,)
            continue
        at = 0
        for found in _REFERENCE.finditer(part):
            parts.append(part[at : found.start()])
            parts += env[found[1]].parts if found[1] in env else (VariableReference(name=found[1]),)
            at = found.end()
        parts.append(part[at:])
    return WrittenText(tuple(each for each in parts if each != ""))


def _contained(found: PlainCommand) -> PlainCommand:
    """`docker run`: it is a container already."""
    words = [found.server.command.literal or "", *(each.literal or "" for each in found.server.args)]
    if words[0].rsplit("/", 1)[-1] not in _RUNNERS or "run" not in words[1:3]:
        return found
    if not any(each == "--interactive" or re.fullmatch("-[a-z]*i[a-z]*", each) for each in words[2:]):
        at = words.index("run")
        args = (*found.server.args[:at], WrittenText(("-i",)), *found.server.args[at:])
        found = _changed(found, f"{words[0]} run got -i: without it the server hears nothing", args=args)
    change = f"it runs {words[0]} by itself: what isolates it is told by argus-trio isolation"
    return attrs.evolve(found, changes=(*found.changes, change))


def _changed(
    found: PlainCommand,
    what: str,
    *,
    args: tuple[WrittenText, ...],
    command: WrittenText | None = None,
) -> PlainCommand:
    server = attrs.evolve(found.server, command=command or found.server.command, args=args)
    return attrs.evolve(found, server=server, changes=(*found.changes, what))


def _last(word: WrittenText) -> str:
    return (word.literal or "").rsplit("/", 1)[-1]


def _start(word: WrittenText) -> str:
    return word.parts[0] if word.parts and isinstance(word.parts[0], str) else ""


_STEPS: Final[tuple[Callable[[PlainCommand], PlainCommand], ...]] = (
    _whole_line,
    _windows,
    _bridged,
    _answered,
    _contained,
)
