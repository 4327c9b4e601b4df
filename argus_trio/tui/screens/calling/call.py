"""The view of a call."""

from __future__ import annotations

import urwid

from argus_trio.manage_client.clean import cut, one_line, width
from argus_trio.manage_client.moments import duration
from argus_trio.tui.calls.call import CallUnderWay, PastCall
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.edited import edited_line
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.pages.calling.call import HEAD_ROWS, CallPage
from argus_trio.tui.state.world import World

_STATES = {
    "result": ("good", "✓", "+", "done"),
    "tool_error": ("bad", "✗", "x", "failed"),
    "problem": ("bad", "✗", "x", "came to nothing"),
    "broke": ("bad", "✗", "x", "broke off"),
    "cancelled": ("warn", "■", "#", "cancelled"),
}


def call(page: CallPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """What is called, how it stands, and all that came of it."""
    shown = world.calls.call(page.id)
    if shown is None:
        text = "this call is kept no more: too many came after it"
        return urwid.Filler(urwid.Text(("dim", text)), valign="top")
    lines = page.lines(world)
    past = world.calls.past(page.id)
    head = [
        urwid.Text(_named(shown, columns), wrap="clip"),
        urwid.Text(_state(shown, past, page, world), wrap="clip"),
        urwid.Text(_third(shown, past, world, columns), wrap="clip"),
    ]
    if past is None and page.cursor.at == 0:  # nobody has moved: the latest is in sight
        cursor, top = None, max(0, _log_end(page, world) - (rows - HEAD_ROWS))
    else:
        at = page.cursor.within(len(lines))
        cursor, top = at.at, max(0, at.top(len(lines), rows - HEAD_ROWS))

    def draw(at: int) -> Markup:
        line = lines[at]
        attribute = "match" if page.wanted and page.wanted.lower() in line.text.lower() else line.attribute
        text = f" {line.text}"
        return [(attribute, text)] if attribute else text

    body = Rows(len(lines), draw, top=top, cursor=cursor, zone="line")
    return urwid.Frame(body, urwid.Pile(head), urwid.Text(_typed(page, columns), wrap="clip"))


def _log_end(page: CallPage, world: World) -> int:
    """How many lines there are up to the end of the log."""
    lines = page.lines(world)
    ends = [at for at, line in enumerate(lines) if line.path == ("arguments",) and line.does == "fold"]
    return ends[0] if ends else len(lines)


def _named(shown: CallUnderWay, columns: int) -> Markup:
    word = {"tool": "call of", "resource": "read of", "prompt": "prompt"}[shown.kind]
    return [("dim", f" {word} "), ("name", cut(one_line(shown.target), columns - len(word) - 3))]


def _state(shown: CallUnderWay, past: PastCall | None, page: CallPage, world: World) -> Markup:
    look = world.look
    exchange = f"  exchange {one_line(shown.exchange)}" if shown.exchange else ""
    if past is None:
        age = duration(max(world.now - shown.since, 0))
        word = "being cancelled" if page.is_cancelling else "under way"
        return [("info", f" {look.sign('●', '*')} {word}"), ("dim", f"  for {age}{exchange}")]
    attribute, unicode, ascii_, word = _STATES[past.outcome.kind]
    return [
        (attribute, f" {look.sign(unicode, ascii_)} {word}"),
        ("dim", f"  in {duration(max(past.took, 0))}{exchange}"),
    ]


def _third(shown: CallUnderWay, past: PastCall | None, world: World, columns: int) -> Markup:
    """What it asks, or how far it is."""
    asks = world.calls.asks_of(shown.id)
    if asks:
        more = f", and {len(asks) - 1} more" if len(asks) > 1 else ""
        return [("warn", f" asks for {asks[0].what}{more}"), ("key", "  a "), ("dim", "answers")]
    if shown.progress is None or past is not None:
        return ""
    progress, total = shown.progress.progress, shown.progress.total
    message = one_line(shown.progress.message or "")
    if not total or total <= 0:
        return [("bar", f" {progress:g}  "), cut(message, columns - 20)]
    share = max(0.0, min(progress / total, 1.0))
    full, empty = world.look.sign("█", "#"), world.look.sign("░", ".")
    done = round(share * 24)
    text = f" {share:4.0%}  {progress:g} of {total:g}  "
    return [("bar", " " + full * done), ("dim", empty * (24 - done)), text, cut(message, columns - 26 - width(text))]


def _typed(page: CallPage, columns: int) -> Markup:
    if page.saving is not None:
        return edited_line(" save as ", page.saving, columns)
    if page.search is not None:
        return edited_line(" / ", page.search, columns)
    return ""
