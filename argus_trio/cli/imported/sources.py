"""The files of an import: those that are named, or those that clients have in their known places."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from argus_trio.client_files.jsonc import JsonFault, read_jsonc
from argus_trio.client_files.kinds import KINDS

MAX_BYTES: Final = 16 * 1024 * 1024
"""The bound on a client's file: `~/.claude.json` holds a history of everything and is megabytes large."""
STDIN: Final = "-"


class SourceUnreadable(Exception):
    """A file cannot be read: the message says why, and what to do."""


@attrs.frozen(kw_only=True)
class SourcePlace:
    """A file that is to be read."""

    name: str
    """As the user wrote it."""
    client: str | None = None
    """Whose it is, if that is known; `argus` is the original Argus."""


@attrs.frozen(kw_only=True)
class SourceFile:
    """A file that was read, and whose it is, if that was said."""

    path: Path
    text: str = attrs.field(repr=False)
    client: str | None = None
    """None lets its name and its contents say it."""
    is_original: bool = False
    """Whether it is a configuration of the original Argus."""


def known_files(*, home: Path, cwd: Path, environ: Mapping[str, str], source: str | None) -> Iterator[SourcePlace]:
    """The files that are there in the known places of clients."""
    seen: set[Path] = set()
    for kind in KINDS.values():
        for place in kind.files if source in (None, kind.name) else ():
            path = place.at(home=home, cwd=cwd, environ=environ)
            if path not in seen and path.exists():
                seen.add(path)
                yield SourcePlace(name=str(path), client=kind.name)


def read_source(place: SourcePlace) -> SourceFile:
    """A file and whose it is. Raises SourceUnreadable."""
    path = Path.cwd() / place.name
    text = read_text(path if place.name != STDIN else None)
    if not text.strip():
        raise SourceUnreadable("is empty: there is nothing to import")
    if place.client is None:
        return SourceFile(path=path, text=text, is_original=_is_original(path, text))
    if place.client == "argus":
        return SourceFile(path=path, text=text, is_original=True)
    return SourceFile(path=path, text=text, client=place.client)


def read_text(path: Path | None) -> str:
    """The text of a file, or of stdin. Raises SourceUnreadable."""
    try:
        if path is None:
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            if path.exists() and not path.is_file():
                raise SourceUnreadable("is a folder: name the file in it" if path.is_dir() else "is no regular file")
            with path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceUnreadable(f"cannot be read: {error.strerror or type(error).__name__}") from None
    if len(content) > MAX_BYTES:
        raise SourceUnreadable(f"is larger than {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceUnreadable(f"is not UTF-8: byte {error.start + 1}") from None


def _is_original(path: Path, text: str) -> bool:
    """Whether a file is a configuration of an Argus: YAML, or JSON with its sections."""
    if path.suffix.lower() in (".yaml", ".yml"):
        return True
    try:
        root = read_jsonc(text)
    except JsonFault:
        return False
    return root.member("backends") is not None


def read_env_files(names: Sequence[str]) -> dict[str, str]:
    """The texts of the files of variables that clients name; one that cannot be read is left out."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = read_text(Path(name).expanduser())
        except (SourceUnreadable, RuntimeError):  # RuntimeError: nobody's home is known
            continue
    return found
