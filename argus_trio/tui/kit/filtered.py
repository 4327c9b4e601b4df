"""The line above a list: its parts, how much is shown of how much, what it is narrowed to, and what else there is to
say, which is cut first."""

from __future__ import annotations

from collections.abc import Sequence

from argus_trio.manage_client.clean import one_line
from argus_trio.tui.parts.filter import WordFilter


def filtered(
    parts: Sequence[str], part: str, filter_: WordFilter, *, shown: int, total: int, note: str = "", bad: str = ""
) -> list[str | tuple[str, str]]:
    """The line as markup. `bad` is told before the note."""
    line: list[str | tuple[str, str]] = [("tab" if each == part else "dim", f" {each} ") for each in parts]
    line.append(("dim", f"  {shown} of {total}" if shown != total else f"  {total}"))
    line += typed_filter(filter_)
    if bad:
        line.append(("error", f"  {one_line(bad)}"))
    if note:
        line.append(("dim", f"  {one_line(note)}"))
    return line


def typed_filter(filter_: WordFilter) -> list[str | tuple[str, str]]:
    """The words behind a slash, with a cursor while one types."""
    if filter_.line is not None:
        text, at = filter_.line.text, filter_.line.at
        before, under, behind = _as_typed(text[:at]), _as_typed(text[at : at + 1]) or " ", _as_typed(text[at + 1 :])
        return [("label", "  /"), ("input", before), ("cursor", under), ("input", behind)]
    return [("label", "  /"), ("match", one_line(filter_.words))] if filter_.words else []


def _as_typed(text: str) -> str:
    # blanks at either end are part of what is typed
    return "".join(one_line(each) or " " for each in text)
