"""Whether a path lies below another one, as text: the files themselves are not looked at, and links are not followed.

What one program reads as one path and the next as another counts as outside, and so does what nobody writes by
accident: `..` in any spelling, encodings of encodings, control characters.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import unquote_to_bytes

MAX_PATH: Final = 4096
"""The longest path, in characters, that is looked at: Linux takes none that is longer (PATH_MAX)."""
FILE: Final = "file://"
_READINGS: Final = 3
"""How often percent-encodings are read: once and twice, and the third time nothing must be left of them."""
_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_DOUBTFUL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\\]|%[uU][0-9A-Fa-f]{4}")
"""Control characters, which some programs leave out; the separator of Windows; an encoding that few programs know."""

_CUT: Final = re.compile(r"[ .]*\.[ .]*[?#]")
"""`..` with what programs cut off that take a path for a part of a URL."""


class NoPath(ValueError):
    """The text is no path that others can be compared with; the first argument says what is expected."""


def base_of(text: str) -> str:
    """What `is_under` compares with: the text of a configuration, which has to be clear. Raises `NoPath`."""
    path = text.removeprefix(FILE)
    if not path.startswith("/") or "%" in path or _steps(path) is None:
        raise NoPath("expected an absolute path such as /srv/public, without .. and encodings, or file:///srv/public")
    return text


def is_under(text: str, base: str) -> bool:
    """Whether the path `text` is `base` or below it, whichever way a program may read it.

    A `file://` URI is compared with another such, and is no path otherwise.
    """
    if len(text) > MAX_PATH:
        return False
    if base.startswith(FILE):
        if not text.startswith(FILE) or "?" in text or "#" in text:
            return False
        text, base = text.removeprefix(FILE), base.removeprefix(FILE)
    above = _steps(base)
    readings = _readings(text)
    if above is None or readings is None:
        return False
    for reading in readings:
        steps = _steps(reading)
        if steps is None or steps[: len(above)] != above:
            return False
    return True


def _readings(text: str) -> set[str] | None:
    """The text as it is, and decoded as often as it can be; None if that has no end, or the result is no text."""
    readings = set[str]()
    for _ in range(_READINGS):
        readings |= {text, unicodedata.normalize("NFKC", text)}  # some file systems take U+FF0E for a dot
        if not _ENCODED.search(text):
            return readings
        try:
            text = unquote_to_bytes(text).decode("utf-8")
        except UnicodeError:
            return None
    return None


def _steps(path: str) -> list[str] | None:
    """The names on the way of an absolute path; None if it is relative, or doubtful."""
    if not path.startswith("/") or path.startswith("//") or _DOUBTFUL.search(path):
        return None
    steps: list[str] = []
    for step in path.split("/"):
        if step in ("", "."):
            continue
        if not step.partition(";")[0].strip(" ."):  # `..`, and what programs read as that: `.. `, `...`, `..;a`
            return None
        if _CUT.match(step):
            return None
        steps.append(step)
    return steps
