"""The files of an import: those that are named, or those that clients have in their known places."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from argus_trio.client_files.jsonc import JsonFault, read_jsonc
from argus_trio.client_files.kinds import KINDS, ClientKind, FilePlace

MAX_BYTES: Final = 16 * 1024 * 1024
"""The bound on a client's file: `~/.claude.json` holds a history of everything and is megabytes large."""
STDIN: Final = "-"
_GENERIC: Final = "cursor"
"""Whose form a file has that nobody is known of: `mcpServers` alone, as most write it."""
_TELLING: Final[Mapping[str, str]] = {"context_servers": "zed", "servers": "vscode", "mcp": "vscode"}
"""Whose a file is, by a member that it has."""


class SourceUnreadable(Exception):
    """A file cannot be read: the message says which, why, and what to do."""


@attrs.frozen(kw_only=True)
class SourceFile:
    """A file that was read, and whose it is; nobody's is a configuration of the original Argus."""

    path: Path
    text: str = attrs.field(repr=False)
    kind: ClientKind | None
    place: FilePlace | None


def known_files(*, home: Path, cwd: Path, environ: Mapping[str, str], source: str | None) -> Iterator[Path]:
    """The files that are there in the known places of clients."""
    seen: set[Path] = set()
    for kind in KINDS.values():
        for place in kind.files if source in (None, kind.name) else ():
            path = place.at(home=home, cwd=cwd, environ=environ)
            if path not in seen and path.exists():
                seen.add(path)
                yield path


def read_source(name: str, *, source: str | None, home: Path, cwd: Path, environ: Mapping[str, str]) -> SourceFile:
    """A file and whose it is. Raises SourceUnreadable."""
    path = Path(name)
    text = read_text(path if name != STDIN else None)
    if not text.strip():
        raise SourceUnreadable(f"{name} is empty: there is nothing to import")
    if source == "argus":
        return SourceFile(path=path, text=text, kind=None, place=None)
    if source is not None:
        kind = KINDS[source]
        return SourceFile(path=path, text=text, kind=kind, place=_place(kind, path, home, cwd, environ))
    known = _known(path, home, cwd, environ)
    if known is not None:
        return SourceFile(path=path, text=text, kind=known[0], place=known[1])
    return _by_content(path, text)


def read_text(path: Path | None) -> str:
    """The text of a file, or of stdin. Raises SourceUnreadable."""
    name = "stdin" if path is None else str(path)
    try:
        if path is None:
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            if path.exists() and not path.is_file():
                raise SourceUnreadable(f"{name} is no regular file: name the file itself")
            with path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceUnreadable(f"{name} cannot be read: {error.strerror or type(error).__name__}") from None
    if len(content) > MAX_BYTES:
        raise SourceUnreadable(f"{name} is larger than {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceUnreadable(f"{name} is not UTF-8: byte {error.start + 1}") from None


def _known(path: Path, home: Path, cwd: Path, environ: Mapping[str, str]) -> tuple[ClientKind, FilePlace] | None:
    """Whose a file is by its place: the known one, or the same names at its end."""
    whole = path.resolve()
    for kind in KINDS.values():
        for place in kind.files:
            if whole == place.at(home=home, cwd=cwd, environ=environ).resolve():
                return kind, place
    for kind in KINDS.values():
        for place in kind.files:
            parts = Path(place.path.removeprefix("~/").removeprefix("{config}/")).parts
            if whole.parts[-len(parts) :] == parts:
                return kind, place
    return None


def _place(kind: ClientKind, path: Path, home: Path, cwd: Path, environ: Mapping[str, str]) -> FilePlace:
    """Which of a client's files it is; the first, where nothing tells."""
    found = _known(path, home, cwd, environ)
    return found[1] if found is not None and found[0] is kind else kind.files[0]


def _by_content(path: Path, text: str) -> SourceFile:
    try:
        root = read_jsonc(text)
    except JsonFault:
        is_json = path.suffix.lower() in (".json", ".jsonc") or text.lstrip().startswith(("{", "[", "//", "/*"))
        kind = KINDS[_GENERIC] if is_json else None
        return SourceFile(path=path, text=text, kind=kind, place=None if kind is None else kind.files[0])
    names = [each.name for each in root.members or ()]
    if "backends" in names:
        return SourceFile(path=path, text=text, kind=None, place=None)
    name = next(
        (client for member, client in _TELLING.items() if member in names and "mcpServers" not in names), _GENERIC
    )
    kind = KINDS[name]
    return SourceFile(path=path, text=text, kind=kind, place=kind.files[0])


def read_env_files(names: Sequence[str]) -> dict[str, str]:
    """The texts of the files of variables that clients name; one that cannot be read is left out."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = read_text(Path(name).expanduser())
        except (SourceUnreadable, RuntimeError):  # RuntimeError: nobody's home is known
            continue
    return found
