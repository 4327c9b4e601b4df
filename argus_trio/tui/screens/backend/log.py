"""The view of a backend's log."""

from __future__ import annotations

from datetime import datetime

import urwid

from argus_trio.manage_client.clean import clean, cut, width
from argus_trio.manage_client.moments import moment
from argus_trio.tui.kit.cells import Markup, TextCell, row
from argus_trio.tui.kit.edited import edited_line
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.kit.scrolled import highlighted
from argus_trio.tui.pages.backend.page import BackendPage
from argus_trio.tui.state.kept_log import KeptLine
from argus_trio.tui.state.world import World

_SOURCES = {"stderr": "info", "stdout": "warn", "exit": "bad", "gateway": "label", "gap": "bad"}


def log(page: BackendPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The lines around the one that is meant, or the latest ones; how it is followed above, what is typed below."""
    part = page.log
    shown = part.shown()
    at = part.at(shown)
    height = max(rows - (2 if part.is_typing else 1), 1)
    is_held = part.held is not None
    top = max(0, min(at - height // 2, len(shown) - height)) if is_held else max(len(shown) - height, 0)
    now = datetime.fromtimestamp(world.now).astimezone()

    def draw(number: int) -> Markup:
        return _row(shown[number], page, columns, now)

    body: urwid.Widget = Rows(len(shown), draw, top=top, cursor=at if is_held and shown else None, zone="line")
    if not shown:
        body = urwid.Filler(urwid.Text(("dim", _nothing(page)), align="center"))
    head = urwid.Text(_head(page, world, len(shown), at), wrap="clip")
    foot = urwid.Text(_typed(page, columns), wrap="clip") if part.is_typing else None
    return urwid.Frame(body, head, foot)


def _nothing(page: BackendPage) -> str:
    if page.log.kept.lines:
        return "no line has these words; Escape shows all"
    return "nothing was written yet" if page.log.is_there else "the log has not come yet"


def _typed(page: BackendPage, columns: int) -> Markup:
    if page.log.search.line is not None:
        return edited_line("/", page.log.search.line, columns)
    return edited_line("&", page.log.filter.line, columns) if page.log.filter.line is not None else ""


def _head(page: BackendPage, world: World, count: int, at: int) -> Markup:
    part, look = page.log, world.look
    if not part.is_followed:
        state = ("bad", f" {look.sign('✗', 'x')} not followed: {clean(part.why)} ")
    elif not part.is_there:
        state = (
            "bad",
            f" {look.sign('✗', 'x')} {f'lost, tried again: {clean(part.why)}' if part.why else 'connecting'} ",
        )
    elif part.held is not None:
        state = ("warn", f" {look.sign('‖', '=')} held, {count - 1 - at} lines below; Space follows ")
    else:
        state = ("good", f" {look.sign('●', '*')} following ")
    total = len(part.kept.lines)
    lines = f"{count} of {total} lines" if count != total else f"{total} lines"
    left_out = f", {part.kept.left_out} older ones left out" if part.kept.left_out else ""
    sideways = f", from column {part.sideways + 1}" if part.sideways else ""
    head: list[str | tuple[str, str]] = [state, ("dim", f"{lines}{left_out}{sideways}")]
    for sign, words in (("&", part.filter.words), ("/", part.search.words)):
        head += [("label", f"  {sign}"), ("match", clean(words))] if words else []
    return head


def _row(line: KeptLine, page: BackendPage, columns: int, now: datetime) -> Markup:
    time = moment(line.timestamp, now) if line.timestamp else ""
    attribute = _SOURCES.get(line.source, "info")
    lead = row((TextCell(time, 8 if len(time) <= 8 else 19, "dim"), TextCell(line.source, 7, attribute)))
    text = clean(line.text).replace("\n", " ").replace("\t", "    ")
    if page.log.sideways:
        text = "…" + _behind(text, page.log.sideways)
    text = cut(text, max(columns - (17 if len(time) <= 8 else 28), 1))
    words = page.log.search.text.split()
    body = highlighted(text, words[0] if words else "", "bad" if line.source in ("gap", "exit") else "")
    return [*_parts(lead), " ", *_parts(body)]


def _behind(text: str, columns: int) -> str:
    """A clean text without its first columns."""
    if text.isascii():
        return text[columns:]
    at, taken = 0, 0
    while at < len(text) and taken < columns:
        taken += width(text[at])
        at += 1
    return text[at:]


def _parts(markup: Markup) -> list[str | tuple[str, str]]:
    return markup if isinstance(markup, list) else [markup]
