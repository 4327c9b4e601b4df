"""The backends of the original, each as it is written here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.client_files.server import DeclaredServer, DeclaredTransport, ServerOrigin, WrittenText
from argus_trio.config.read.key_path import KeyPath
from argus_trio.config.read.scalar import Scalar
from argus_trio.config.structure.heritage import TYPES
from argus_trio.importing.commands import plain_command
from argus_trio.importing.entry import EntryMaker
from argus_trio.importing.original.containers import container_of
from argus_trio.importing.original.file.source import OriginalSource
from argus_trio.importing.original.file.texts import OriginalTexts
from argus_trio.importing.original.naming import OriginalNaming
from argus_trio.importing.result import NoteKind

TRANSPORTS: Final[Mapping[str, DeclaredTransport]] = {
    "stdio": "stdio",
    "sse": "sse",
    "streamable-http": "streamable-http",
}
_KINDS: Final = ("tools", "resources", "prompts")
_LONGEST_RETRY: Final = 120.0
"""The original's bound on `retry_delay`, in seconds."""
_MOST_SECONDS: Final = 31_536_000.0
_LEAST: Final = 0.001


@attrs.frozen(kw_only=True)
class OriginalBackends(Value):
    """Writes the backends of one file."""

    source: OriginalSource
    texts: OriginalTexts
    naming: OriginalNaming

    def all(self) -> dict[str, object]:
        """Each of them, by its name here."""
        found = {name: self._backend(name) for name in self.source.names("backends")}
        return {self.naming.names[name]: each for name, each in found.items() if each is not None}

    def _backend(self, name: str) -> dict[str, object] | None:
        place: KeyPath = ("backends", name)
        keys = self.source.names(*place)
        kind = self._kind(place, keys)
        if kind is None:
            return None
        server = self._program(name, place) if kind == "stdio" else self._address(name, place, kind)
        written = self._entry(server, place)
        if written["type"] == "stdio" and (container := container_of(self.source, self.texts, name)):
            written["container"] = container
        if name in self.naming.prefixes:
            written["prefix"] = self.naming.prefixes[name]
        parts: tuple[tuple[str, Mapping[str, object]], ...] = (
            ("timeouts", self._timeouts(place, kind)),
            ("restart", self._restart(place)),
            ("filters", self._filters(place)),
            ("tool_overrides", self._overrides(place)),
        )
        return written | {key: value for key, value in parts if value}

    def _entry(self, server: DeclaredServer, place: KeyPath) -> dict[str, object]:
        """The entry as that of a client's server is made, and what is told of it."""
        plain = plain_command(server)
        maker = EntryMaker(server=plain.server, book=self.texts.book, name=self.naming.names[server.name])
        entry = dict(maker.entry())
        told: tuple[tuple[NoteKind, Iterable[str]], ...] = (
            ("left out", (*plain.dropped, *maker.dropped)),
            ("changed", (*plain.changes, *maker.changes)),
            ("do", (*plain.todo, *maker.todo)),
        )
        for kind, texts in told:
            for text in texts:
                self.source.note(kind, place, text)
        if maker.moved:
            self.source.note("changed", place, f"its secrets are in {', '.join(maker.moved)}")
        return entry

    def _kind(self, place: KeyPath, keys: list[str]) -> DeclaredTransport | None:
        said = self.source.text(*place, "type")
        meant = said if said in TRANSPORTS else TYPES.get((said or "").lower(), said)
        if meant is None and said is None:
            meant = "stdio" if "command" in keys else "streamable-http" if "url" in keys else None
        found = TRANSPORTS.get(meant or "")
        if found is None:
            self.source.fault((*place, "type"), f"expected stdio, sse or streamable-http, found {said or 'nothing'!r}")
            return None
        if meant != said:
            self.source.note("changed", (*place, "type"), f"it is of type: {meant}; the original would have refused it")
        return found

    def _program(self, name: str, place: KeyPath) -> DeclaredServer:
        command, args = self._command(place)
        args += self.source.texts(*place, "args")
        env = self.source.mapping(*place, "env")
        read = self.texts.read
        return DeclaredServer(
            name=name,
            origin=self._origin(place),
            transport="stdio",
            command=read(command, (*place, "command")),
            args=tuple(read(each, (*place, "args", index)) for index, each in enumerate(args)),
            env={key: read(value, (*place, "env", key)) for key, value in env.items()},
        )

    def _origin(self, place: KeyPath) -> ServerOrigin:
        return ServerOrigin(client="argus", path=self.source.path, line=self.source.line(place))

    def _command(self, place: KeyPath) -> tuple[str, list[str]]:
        """The program, and what stands with it where a list was written, which the original refused."""
        if isinstance(self.source.tree(*place, "command"), list):
            words = self.source.texts(*place, "command")
            self.source.note("changed", (*place, "command"), "command is the program alone; the rest goes into args")
        else:
            words = [self.source.text(*place, "command") or ""]
        if not words or not words[0]:
            self.source.fault((*place, "command"), "expected the program to start, found nothing")
        return (words[0] if words else ""), words[1:]

    def _address(self, name: str, place: KeyPath, kind: DeclaredTransport) -> DeclaredServer:
        url = self.source.text(*place, "url")
        if not url:
            self.source.fault((*place, "url"), "expected the address of the server, found nothing")
        headers: dict[str, WrittenText] = {}
        for where in self._header_places(place):
            for field, value in self.source.mapping(*where).items():
                same = next((each for each in headers if each.lower() == field.lower()), field)
                headers.pop(same, None)
                headers[field] = self.texts.read(value, (*where, field))
        if kind == "sse" and self.source.tree(*place, "command") is not None:
            self._launched(place)
        return DeclaredServer(
            name=name,
            origin=self._origin(place),
            transport=kind,
            url=self.texts.read(url or "", (*place, "url")),
            headers=headers,
        )

    def _header_places(self, place: KeyPath) -> list[KeyPath]:
        kind = self.source.text(*place, "auth", "type")
        if kind == "static":
            return [(*place, "headers"), (*place, "auth", "headers")]
        if kind is not None:
            what = f"OAuth ({kind}) towards backends comes with a later version: write a token of it into headers, as "
            self.source.tell(
                "do", (*place, "auth"), f'{what}Authorization: "Bearer ${{TOKEN}}"; until then it answers 401'
            )
        return [(*place, "headers")]

    def _launched(self, place: KeyPath) -> None:
        for key in ("command", "args", "env"):
            self.source.taken.add((*place, key))
        what = "no server of type: sse is started: start it yourself, or write it as type: stdio if it speaks that too"
        self.source.note("do", (*place, "command"), what)

    def _timeouts(self, place: KeyPath, kind: str) -> dict[str, object]:
        """The deadlines: what greets and lists is one of them here, and an installation has its own."""
        keys = ("init", "cap_fetch", "sse_startup", "startup")
        found = {key: self.source.number(*place, "timeouts", key, minimum=0, maximum=_MOST_SECONDS) for key in keys}
        preparing = found.pop("startup") if kind == "stdio" else None
        connecting = [each for each in found.values() if each]
        written: dict[str, object] = {"connect": max(connecting)} if connecting else {}
        if len(connecting) > 1:
            said = ", ".join(key for key, value in found.items() if value)
            self.source.note(
                "changed", (*place, "timeouts"), f"{said} are one here: timeouts.connect, the longest of them"
            )
        return written | ({"prepare": max(preparing, _LEAST)} if preparing else {})

    def _restart(self, place: KeyPath) -> dict[str, object]:
        delay = self.source.number(*place, "timeouts", "retry_delay", minimum=0, maximum=_LONGEST_RETRY)
        if not delay:
            return {}
        restart: dict[str, object] = {"initial": max(delay, _LEAST)}
        restart |= {"max": delay} if delay > 30 else {}
        return restart | ({"cooldown": delay} if delay > 60 else {})

    def _filters(self, place: KeyPath) -> dict[str, object]:
        filters: dict[str, object] = {}
        for kind in _KINDS:
            allow, deny = (self._globs((*place, "filters", kind, key)) for key in ("allow", "deny"))
            if allow == [] and self.source.texts(*place, "filters", kind, "allow"):
                deny = ["*"]  # nothing but globs that match nothing: no allow here would let all pass
            if allow or deny:
                filters[kind] = ({"allow": allow} if allow else {}) | ({"deny": deny} if deny else {})
        return filters

    def _globs(self, place: KeyPath) -> list[str]:
        globs = [self.texts.plain(each, place) for each in self.source.texts(*place)]
        return [each for each in globs if each]

    def _overrides(self, place: KeyPath) -> dict[str, object]:
        overrides: dict[str, object] = {}
        for tool in self.source.names(*place, "tool_overrides"):
            at = (*place, "tool_overrides", tool)
            self.source.names(*at)
            found = {key: self.source.text(*at, key) for key in ("name", "description")}
            if written := {key: self.texts.plain(text, (*at, key)) for key, text in found.items() if text}:
                overrides[tool] = written
        return overrides


def groups_of(source: OriginalSource) -> dict[str, list[str]]:
    """The backends of each group; those of none are in `default`."""
    groups: dict[str, list[str]] = {}
    for name in source.names("backends"):
        said = source.tree("backends", name, "group")
        groups.setdefault(said.text if isinstance(said, Scalar) else "default", []).append(name)
    return groups
