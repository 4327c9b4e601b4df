"""Opens clients' files, whatever stands in their place, together with what is said of their servers elsewhere."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path
from typing import Final

from argus_trio.client_files.reading import read_client_file
from argus_trio.client_files.server import ClientFile, FileProblem
from argus_trio.client_files.switches import Switches, read_switches, switched

MOST_BYTES: Final = 64 * 1024 * 1024
"""The largest file that is read: that of Claude Code keeps histories, and has grown to tens of megabytes."""
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Unreadable(Exception):
    """A file that cannot be read: why, for the user."""


def open_client_file(path: Path, *, client: str | None = None, home: Path) -> ClientFile:
    """What the file at a path declares, with the servers that Claude Code's settings switch off disabled.

    Args:
        path: made absolute: what a project's file means by its folder depends on it.
        client: whose it is; None lets its name and contents say it.
        home: the user's home folder.
    """
    path = path.absolute()
    try:
        text = file_text(path)
    except Unreadable as error:
        problem = FileProblem(path=str(path), line=0, what=str(error))
        return ClientFile(client=client or "", path=str(path), problems=(problem,))
    file = read_client_file(text, path=path, client=client, home=home)
    if file.client == "claude-code" and path.name == ".mcp.json":
        return switched(file, _switches(path.parent, home))
    return file


def file_text(path: Path) -> str:
    """The text of a file. Raises Unreadable."""
    try:
        with open(path, "rb", opener=_without_waiting) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise Unreadable("is no file")
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from None
    if len(content) > MOST_BYTES:
        raise Unreadable(f"has more than {MOST_BYTES // 1024 // 1024} MiB: is it a client's file?")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("is not written in UTF-8: save it so in an editor first") from None


def _without_waiting(path: str, flags: int) -> int:
    """Open it, although a pipe in the place of a file may have nobody at its other end."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _switches(project: Path, home: Path) -> list[Switches]:
    """What Claude Code's settings say of a project's servers; settings that cannot be read say nothing."""
    found: list[Switches] = []
    folder = project / ".claude"
    for path in (home / ".claude" / "settings.json", folder / "settings.json", folder / "settings.local.json"):
        found += _said(path, None)
    return found + _said(home / ".claude.json", project)


def _said(path: Path, project: Path | None) -> list[Switches]:
    try:
        text = file_text(path)
    except Unreadable:
        return []
    return read_switches(text, path=path, project=project)
