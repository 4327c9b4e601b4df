"""From the servers that clients' files declare to a configuration, with all that the user is to be told."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import attrs

from argus_trio import Value
from argus_trio.client_files.leading import leads_to
from argus_trio.client_files.server import DeclaredServer, ServerOrigin, VariableReference, WrittenText
from argus_trio.importing.commands import PlainCommand, plain_command
from argus_trio.importing.dotenv import read_variables
from argus_trio.importing.entry import EntryMaker, is_relative
from argus_trio.importing.naming import fitting, free_name
from argus_trio.importing.result import ConfigTree, ImportedConfig, ImportNote, NoteKind
from argus_trio.importing.variables import VariableBook, variable_name

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OWN_PATH: Final = re.compile(r"/(?:mcp|sse)(?:/[\w.-]+)?/?")


@attrs.frozen(kw_only=True)
class ImportSurroundings(Value):
    """What the edge knows and the servers do not say."""

    environ: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """The gateway's own variables, as they are now."""
    env_files: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """The texts of the files of variables that clients read, by their paths as the servers name them."""
    gateways: tuple[str, ...] = ()
    """Addresses of the gateway itself."""


def import_servers(
    servers: Sequence[DeclaredServer], surroundings: ImportSurroundings, *, only: Sequence[str] = ()
) -> ImportedConfig:
    """A configuration of the servers; of those alone that `only` names, if it names any."""
    importer = _Importer(surroundings=surroundings)
    importer.tell_unknown(only, sorted({each.name for each in servers}))
    chosen = [each for each in servers if not only or each.name in only]
    importer.book.reserved = frozenset(_references(chosen))
    for each in chosen:
        importer.take(each)
    return importer.result()


def backends_of(imported: ImportedConfig) -> Mapping[str, object]:
    """The entries of its backends."""
    found = imported.tree.get("backends")
    return found if isinstance(found, Mapping) else {}


@attrs.frozen(kw_only=True)
class _Taken(Value):
    """A server that is one backend, and where else it is declared."""

    plain: PlainCommand
    essence: DeclaredServer
    """What is equal for all declarations of it."""
    also: tuple[ServerOrigin, ...] = ()


@attrs.define(eq=False, repr=False, kw_only=True)
class _Importer:
    surroundings: ImportSurroundings
    taken: list[_Taken] = attrs.field(factory=list)
    notes: list[ImportNote] = attrs.field(factory=list)
    book: VariableBook = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.book = VariableBook(environ=self.surroundings.environ)

    def tell_unknown(self, only: Sequence[str], known: list[str]) -> None:
        for name in only:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or known[:12]
                hint = f"there is {', '.join(near)}" if near else "no file declares a server"
                self._note("left out", f"--only {name}", f"no server is called that; {hint}", is_refusal=True)

    def take(self, server: DeclaredServer) -> None:
        """Take a server, or say why not."""
        where = _where(server)
        for each in server.left_out:
            self._note("left out", where, f"{each.key}: {each.why}")
        plain = plain_command(server)
        if _leads_here(plain.server, self.surroundings.gateways):
            self._note("left out", where, "it leads to Argus itself")
            return
        if why := _missing(plain.server):
            self._note("left out", where, why, is_refusal=True)
            return
        essence = _essence(plain.server)
        for number, other in enumerate(self.taken):
            if other.essence == essence:
                self._merge(number, plain.server, where)
                return
        self.taken.append(_Taken(plain=plain, essence=essence))

    def _merge(self, number: int, server: DeclaredServer, where: str) -> None:
        other = self.taken[number]
        first = other.plain.server
        merged = attrs.evolve(first, is_enabled=first.is_enabled or server.is_enabled)
        plain = attrs.evolve(other.plain, server=merged)
        self.taken[number] = attrs.evolve(other, plain=plain, also=(*other.also, server.origin))
        self._note("changed", where, f"is the same as {first.name} of {first.origin}: one backend for both")

    def result(self) -> ImportedConfig:
        backends: dict[str, object] = {}
        origins: dict[str, str] = {}
        for each in self.taken:
            server = each.plain.server
            name = free_name(server.name, server.origin, backends)
            backends[name] = self._entry(each.plain, name)
            origins[name] = _origin(server, name, each.also)
        return ImportedConfig(
            tree={"version": "1", "backends": backends},
            variables=dict(self.book.values),
            notes=tuple(self.notes),
            needed=dict(self.book.needed),
            origins=origins,
        )

    def _entry(self, plain: PlainCommand, name: str) -> ConfigTree:
        server = plain.server
        where = _where(server)
        if name != server.name:
            why = "its name does not fit here" if name == fitting(server.name) else "another server has its name"
            self._note("changed", where, f"{why}: it is called {name}")
        path = server.env_file.literal
        maker = EntryMaker(server=server, book=self.book, name=name, file_env=self._file_env(path, where))
        entry = maker.entry()
        told: tuple[tuple[NoteKind, Sequence[str]], ...] = (
            ("taken", (_taken(entry, name, maker.moved),)),
            ("left out", (*plain.dropped, *maker.dropped)),
            ("changed", (*plain.changes, *maker.changes)),
            ("do", (*plain.todo, *maker.todo)),
        )
        for kind, texts in told:
            for text in texts:
                self._note(kind, where, text)
        return entry

    def _file_env(self, path: str | None, where: str) -> dict[str, str]:
        if path == "":
            return {}
        text = None if path is None else self.surroundings.env_files.get(path)
        if text is None:
            self._note("do", where, "the file of variables that it names cannot be read: write them into its env")
            return {}
        found = read_variables(text)
        self._note("changed", where, f"the {len(found)} variables of {path} are in its env")
        return found

    def _note(self, kind: NoteKind, where: str, what: str, *, is_refusal: bool = False) -> None:
        self.notes.append(ImportNote(kind=kind, where=where, what=what, is_refusal=is_refusal))


def _where(server: DeclaredServer) -> str:
    return f"{server.origin.path}:{server.origin.line} {server.name}"


def _taken(entry: ConfigTree, name: str, moved: Sequence[str]) -> str:
    off = "" if entry.get("enabled", True) else ", switched off"
    secrets = f", its secrets in {', '.join(moved)}" if moved else ""
    return f"backend {name} ({entry['type']}{off}){secrets}"


def _origin(server: DeclaredServer, name: str, also: Sequence[ServerOrigin]) -> str:
    called = f", called {server.name} there" if name != server.name else ""
    return "from " + "; ".join(map(str, (server.origin, *also))) + called


def _missing(server: DeclaredServer) -> str:
    """Why a server is none."""
    texts = "".join(part for text in _texts(server) for part in text.parts if isinstance(part, str))
    if any(each == "\0" or "\ud800" <= each <= "\udfff" for each in texts + "".join(server.env)):
        return "it holds a character that is none: NUL, or half of a surrogate pair"
    if server.transport == "stdio":
        return "" if server.command.parts and server.command.literal != "" else "it has neither a command nor a url"
    return "" if server.url.parts and server.url.literal != "" else "it has no url"


def _essence(server: DeclaredServer) -> DeclaredServer:
    """A server without what two declarations of it may differ in."""
    is_project_folder = server.cwd.literal == server.origin.project and not is_relative(server)
    project = server.origin.project if is_relative(server) and not server.cwd.parts else ""
    return attrs.evolve(
        server,
        name="",
        origin=ServerOrigin(client="", path="", line=0, project=project),
        cwd=WrittenText(()) if is_project_folder else server.cwd,
        is_enabled=True,
        connect_seconds=None,
        call_seconds=None,
        left_out=(),
    )


def _leads_here(server: DeclaredServer, gateways: Sequence[str]) -> bool:
    is_called_so = server.name == "argus" and _is_local_mcp(server.url.literal or "")
    return is_called_so or leads_to(server, gateways)


def _is_local_mcp(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.hostname in _LOOPBACK and bool(_OWN_PATH.fullmatch(parts.path))


def _references(servers: Sequence[DeclaredServer]) -> Iterator[str]:
    for server in servers:
        yield from (variable_name(each.name) for each in _variables(_texts(server)))


def _texts(server: DeclaredServer) -> tuple[WrittenText, ...]:
    return (server.command, *server.args, server.cwd, server.url, *server.env.values(), *server.headers.values())


def _variables(texts: Sequence[WrittenText]) -> Iterator[VariableReference]:
    for text in texts:
        yield from (each for each in text.parts if isinstance(each, VariableReference))
