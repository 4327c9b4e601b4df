"""The files of an import: those that are named, or those that clients have in their known places."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.client_files.jsonc import JsonFault, read_jsonc
from argus_trio.client_files.opening import MOST_BYTES, Unreadable, file_text, open_client_file
from argus_trio.client_files.places import found_files
from argus_trio.client_files.reading import read_client_file
from argus_trio.client_files.server import ClientFile, FileProblem

STDIN: Final = "-"
ORIGINAL: Final = "argus"
"""What the original Argus is called where a client's name may stand."""


@attrs.frozen(kw_only=True)
class SourcePlace(Value):
    """A file that is to be read."""

    name: str
    """As the user wrote it."""
    client: str | None = None
    """Whose it is, if that is known."""


@attrs.frozen(kw_only=True)
class OriginalFile(Value):
    """A configuration of the original Argus, to be read as such."""

    path: Path
    text: str = attrs.field(repr=False)


def known_places(*, home: Path, cwd: Path, environ: Mapping[str, str], source: str | None) -> Iterator[SourcePlace]:
    """The files that are there in the known places of clients."""
    for each in found_files(home=home, cwd=cwd, environ=environ):
        if source in (None, each.client):
            yield SourcePlace(name=str(each.path), client=each.client)


def read_source(place: SourcePlace, *, home: Path) -> ClientFile | OriginalFile:
    """What a file declares; one that cannot be read has a problem."""
    path = Path(os.path.normpath(Path(place.name).absolute()))
    try:
        text = _stdin() if place.name == STDIN else file_text(path)
    except Unreadable as error:
        what = f"{error}: name the file in it" if path.is_dir() else str(error)
        return _problem(place, what)
    if not text.strip("\ufeff \t\r\n"):
        return _problem(place, "is empty: there is nothing to import")
    if place.client == ORIGINAL or (place.client is None and _is_original(path, text)):
        return OriginalFile(path=Path("stdin") if place.name == STDIN else path, text=text)
    if place.name == STDIN:
        return read_client_file(text, path=Path("stdin"), client=place.client, home=home)
    return open_client_file(path, client=place.client, home=home)


def _problem(place: SourcePlace, what: str) -> ClientFile:
    problem = FileProblem(path=place.name, line=0, what=what)
    return ClientFile(client=place.client or "", path=place.name, problems=(problem,))


def _stdin() -> str:
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Unreadable(f"has more than {MOST_BYTES // 1024 // 1024} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not UTF-8: byte {error.start + 1}") from None


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
            found[name] = file_text(Path(name).expanduser())
        except (Unreadable, RuntimeError):  # RuntimeError: nobody's home is known
            continue
    return found
