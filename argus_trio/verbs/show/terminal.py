"""This process's streams: what is a terminal, how wide it is, and whether colours are wanted."""

from __future__ import annotations

import os
import sys
from typing import Final, TextIO

import attrs
import msgspec

from argus_trio.manage_client.clean import clean, json_escaped
from argus_trio.manage_client.failure import USAGE, CommandFailed

USUAL_WIDTH: Final = 80
"""How wide a terminal is that does not say."""
LEAST_WIDTH: Final = 40
"""How wide it is taken for at least: what is narrower wraps."""
_COLOURS: Final = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "dim": "2", "bold": "1"}


@attrs.define(eq=False, repr=False, kw_only=True)
class Terminal:
    """Where a verb writes: answers to `out`, all else to `err`."""

    out: TextIO
    err: TextIO
    is_json: bool = False
    """Whether answers are wanted as they are."""
    is_plain: bool = False
    """Whether colours are not wanted."""
    is_dumb: bool = False
    """Whether it cannot write over what it shows."""

    @property
    def is_shown(self) -> bool:
        """Whether answers are seen by a person."""
        return self.out.isatty()

    @property
    def is_asked(self) -> bool:
        """Whether there is somebody who can answer questions."""
        return sys.stdin is not None and sys.stdin.isatty() and self.err.isatty()

    @property
    def width(self) -> int | None:
        """How many columns an answer may take; None where nothing is cut."""
        if not self.is_shown:
            return None
        try:
            columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(self.out.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return max(columns or USUAL_WIDTH, LEAST_WIDTH)

    def painted(self, text: str, colour: str | None) -> str:
        """A text in a colour, where colours are wanted."""
        return (
            text if colour is None or self.is_plain or not self.is_shown else f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"
        )

    def line(self, text: str = "") -> None:
        """Write a line of an answer, which holds nothing that others wrote unless it was cleaned."""
        self.out.write(text + "\n")

    def text(self, text: str) -> None:
        """Write what others wrote: as it is into a pipe, clean on a terminal."""
        shown = clean(text) if self.is_shown else text
        self.out.write(shown if shown.endswith("\n") else shown + "\n")

    def raw(self, raw: bytes) -> None:
        """Write JSON as it came; on a terminal, with its lines and nothing that acts there."""
        if self.is_shown:
            raw = json_escaped(msgspec.json.format(raw, indent=2).decode("utf-8", "replace")).encode()
        self.out.flush()
        self.out.buffer.write(raw.rstrip(b"\n") + b"\n")
        self.out.buffer.flush()

    def json_line(self, value: object) -> None:
        """Write a value of the contract as one line of JSON."""
        line = msgspec.json.encode(value)
        if self.is_shown:
            line = json_escaped(line.decode()).encode()
        self.out.flush()
        self.out.buffer.write(line + b"\n")  # JSON is UTF-8, whatever the locale says

    def failed(self, text: str, raw: bytes) -> None:
        """Tell what is wrong, and where answers are wanted as they are, what the gateway said of it."""
        if self.is_json and raw[:1] == b"{":
            self.raw(raw)
        self.note(f"argus-trio: {text}")

    def note(self, text: str) -> None:
        """Tell something beside the answer."""
        self.out.flush()
        self.err.write(clean(text) + "\n")
        self.err.flush()


def this_terminal(*, is_json: bool = False) -> Terminal:
    """The streams of this process. One that was closed when it began leads nowhere."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # these are real text streams
    is_dumb = os.environ.get("TERM") == "dumb"
    return Terminal(
        out=sys.stdout or open(os.devnull, "w"),  # noqa: PTH123
        err=sys.stderr or open(os.devnull, "w"),  # noqa: PTH123
        is_json=is_json,
        is_plain=bool(os.environ.get("NO_COLOR")) or is_dumb,
        is_dumb=is_dumb,
    )


def stdin_text() -> str:
    """All that comes on stdin. The descriptor is read: `sys.stdin` is None where it was closed, and decodes by the
    locale.

    Raises:
        CommandFailed: it cannot be read, or is no UTF-8.
    """
    try:
        with os.fdopen(os.dup(0), "rb") as stream:
            return stream.read().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise CommandFailed(f"stdin cannot be read: {why}", USAGE) from None
