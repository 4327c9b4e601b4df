"""The context of a Dockerfile: which files of its folder a builder gets, what they are a digest of, and their tar.

Links are handed over as links and never followed, so that nothing from outside of the folder gets in.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import attrs

from argus_trio import Value
from argus_trio.errors import LinkFailed

MAX_CONTEXT_BYTES: Final = 512 * 1024 * 1024
"""The largest context: it is copied to the engine, and to a file before that."""
MAX_CONTEXT_FILES: Final = 50_000
"""The same in files, each of which is looked at whenever the backend is started."""
_ALWAYS: Final = ".dockerignore"


@attrs.frozen(kw_only=True)
class ContextFile(Value):
    """A file, folder or link of a context."""

    name: str
    """Its path below the context's folder."""
    path: Path
    info: os.stat_result = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class BuildContext(Value):
    """What a builder gets."""

    dockerfile: str
    """Its path below the folder."""
    folder: Path
    files: tuple[ContextFile, ...] = attrs.field(repr=False)
    digest: str
    """Of the Dockerfile, and of names, sizes, modes and times of the rest: what is the same has not been changed."""

    def write_tar(self, target: IO[bytes]) -> None:
        """Write all of it as a tar.

        Raises:
            LinkFailed: a file cannot be read.
        """
        with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for each in self.files:
                try:
                    _add(tar, each)
                except OSError as error:
                    raise _unreadable(each.path, error) from None


def read_context(dockerfile: Path) -> BuildContext:
    """The context that a Dockerfile has in its folder. It looks at files.

    Raises:
        LinkFailed: the Dockerfile is not there, something cannot be read, or it is too much.
    """
    folder = dockerfile.parent
    try:
        text = dockerfile.read_bytes()
    except OSError as error:
        raise _unreadable(dockerfile, error) from None
    ignored = _read_ignored(folder)
    files: list[ContextFile] = []
    size = 0
    for each in _walk(folder, ignored, dockerfile.name):
        files.append(each)
        size += each.info.st_size if stat.S_ISREG(each.info.st_mode) else 0
        if size > MAX_CONTEXT_BYTES or len(files) > MAX_CONTEXT_FILES:
            raise LinkFailed(
                f"the folder of {dockerfile} has more than {MAX_CONTEXT_BYTES // (1024 * 1024)} MB or "
                f"{MAX_CONTEXT_FILES} files, which would all be sent to the engine: name what it does not need in "
                f"{folder / '.dockerignore'}, or give the Dockerfile a folder of its own"
            )
    digest = hashlib.sha256(text)
    for each in files:
        facts = (each.info.st_mode, each.info.st_size, each.info.st_mtime_ns)
        link = str(each.path.readlink()) if stat.S_ISLNK(each.info.st_mode) else ""
        digest.update(repr((each.name, *(facts if not stat.S_ISDIR(facts[0]) else facts[:1]), link)).encode())
    return BuildContext(dockerfile=dockerfile.name, folder=folder, files=tuple(files), digest=digest.hexdigest())


@attrs.frozen
class Ignored(Value):
    """What a `.dockerignore` leaves out: patterns with `*`, `?`, `**` and `!`, the last that fits decides."""

    patterns: tuple[tuple[bool, re.Pattern[str]], ...]

    def __call__(self, name: str) -> bool:
        """Whether that path, or what it is in, is left out."""
        parts = name.split("/")
        above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        found = False
        for leaves_out, pattern in self.patterns:
            if any(pattern.fullmatch(each) for each in above):
                found = leaves_out
        return found

    @property
    def has_exceptions(self) -> bool:
        """Whether something below a folder that is left out may be in."""
        return any(not leaves_out for leaves_out, _ in self.patterns)


def read_ignored(text: str) -> Ignored:
    """The patterns of a `.dockerignore`."""
    found = []
    for line in text.splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        leaves_out = not pattern.startswith("!")
        plain = os.path.normpath(pattern.removeprefix("!").strip().lstrip("/"))
        if plain != ".":
            found.append((leaves_out, re.compile(_translated(plain))))
    return Ignored(tuple(found))


def _translated(pattern: str) -> str:
    """A pattern of a `.dockerignore` as a regular expression for a whole path."""
    said = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return "".join(said.get(piece, re.escape(piece)) for piece in pieces)


def _read_ignored(folder: Path) -> Ignored:
    try:
        return read_ignored((folder / _ALWAYS).read_text("utf-8", "replace"))
    except FileNotFoundError:
        return Ignored(())
    except OSError as error:
        raise _unreadable(folder / _ALWAYS, error) from None


def _walk(folder: Path, ignored: Ignored, dockerfile: str, below: str = "") -> Iterator[ContextFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        for entry in entries:
            name = f"{below}{entry.name}"
            is_out = ignored(name) and name not in (dockerfile, _ALWAYS)
            info = entry.stat(follow_symlinks=False)
            is_folder = stat.S_ISDIR(info.st_mode)
            if is_folder or stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode):
                if not is_out:
                    yield ContextFile(name=name, path=Path(entry.path), info=info)
                if is_folder and (not is_out or ignored.has_exceptions):
                    yield from _walk(Path(entry.path), ignored, dockerfile, f"{name}/")
    except OSError as error:
        raise _unreadable(folder, error) from None


def _add(tar: tarfile.TarFile, each: ContextFile) -> None:
    entry = tar.gettarinfo(each.path, each.name)
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    if entry.islnk():  # a second name of a file: it is sent once more, for the first may have been left out
        entry.type, entry.size = tarfile.REGTYPE, each.info.st_size
    if not entry.isreg():
        tar.addfile(entry)
        return
    with each.path.open("rb") as source:
        entry.size = os.fstat(source.fileno()).st_size
        tar.addfile(entry, source)


def _unreadable(path: Path, error: OSError) -> LinkFailed:
    return LinkFailed(
        f"its image cannot be built: {error.filename or path} cannot be read: {error.strerror or error} "
        f"(container.dockerfile)"
    )
