"""The line above a list: its parts, how much is shown of how much, and what it is narrowed to."""

from __future__ import annotations

from collections.abc import Sequence

from argus_trio.manage_client.clean import one_line
from argus_trio.tui.parts.filter import WordFilter


def filtered(
    parts: Sequence[str], part: str, filter_: WordFilter, *, shown: int, total: int, note: str = ""
) -> list[str | tuple[str, str]]:
    """The line as markup."""
    line: list[str | tuple[str, str]] = [("tab" if each == part else "dim", f" {each} ") for each in parts]
    count = f"{shown} of {total}" if shown != total else f"{total}"
    line.append(("dim", f"  {count}{note}  "))
    if filter_.line is not None:
        text, at = filter_.line.text, filter_.line.at
        before, under, behind = one_line(text[:at]), text[at : at + 1] or " ", one_line(text[at + 1 :])
        return [*line, ("label", "/"), ("input", before), ("cursor", under), ("input", behind)]
    return [*line, ("label", "/"), ("match", one_line(filter_.words))] if filter_.words else line
