"""The view of what a call asks."""

from __future__ import annotations

from typing import Final

import urwid

from argus_trio.manage_client.clean import cut, one_line
from argus_trio.manage_client.moments import duration
from argus_trio.tui.calls.asks import OpenAsk, host_of
from argus_trio.tui.calls.lines import ShownLine, document_lines, wrapped_text
from argus_trio.tui.calls.reply import RootsReply, SamplingReply
from argus_trio.tui.form.form import Form
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.kit.edited import edited_line
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.pages.calling.ask import AskPage
from argus_trio.tui.parts.area import EditedText
from argus_trio.tui.parts.line import EditedLine
from argus_trio.tui.screens.calling.form import form_view
from argus_trio.tui.state.world import World

_ENDED: Final = {
    "answered": "It is answered.",
    "withdrawn": "It is asked no more: the question was taken back, or nobody answered it in time.",
    "over": "The call is over, and nobody waits for the answer.",
    "unknown": "Nobody waits for the answer any more.",
}


def ask(page: AskPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """Who asks what, and what is written so far."""
    asked = page.ask
    if asked is None:
        return urwid.Filler(urwid.Text(("dim", " nobody asks this any more; Esc leaves it")), valign="top")
    head = _head(page, asked, world, columns)
    room = max(rows - len(head), 1)
    if isinstance(page.reply, Form):
        body = form_view(page.reply, world.look, columns, room)
    elif isinstance(page.reply, SamplingReply):
        body = _sampling(page, page.reply, world, columns, room)
    elif isinstance(page.reply, RootsReply):
        body = _roots(page.reply, columns, room)
    else:
        body = _url(asked, columns)
    pile = urwid.Pile([urwid.Text(line, wrap="clip") for line in head])
    return urwid.Frame(body, pile)


def _head(page: AskPage, asked: OpenAsk, world: World, columns: int) -> list[Markup]:
    calls = world.calls
    number = next((at for at, each in enumerate(calls.asks, 1) if (each.call, each.id) == (page.call, page.id)), 0)
    queue = f"  {number} of {len(calls.asks)}" if len(calls.asks) > 1 and number else ""
    age = duration(max(world.now - asked.since, 0))
    backend = _backend(asked, world)
    who = cut(one_line(asked.asker) + (f" of {one_line(backend)}" if backend else ""), columns - 44)
    lines: list[Markup] = [[("name", f" {who}"), ("warn", f" asks for {asked.what}"), ("dim", f"  since {age}{queue}")]]
    if message := asked.text("message"):
        shown = [line for each in wrapped_text(message, columns - 4) for line in (each,)]
        lines += [f"   {line}" for line in shown[:6]]
        if len(shown) > 6:
            lines.append(("dim", f"   and {len(shown) - 6} lines more"))
    now = calls.ask(page.call, page.id)
    ended = calls.ended_ask(page.call, page.id)
    if now is None:
        lines.append(("warn", f" {_ENDED[ended.how if ended else 'unknown']} What you wrote is kept until Esc."))
    elif now.is_sent:
        lines.append(("info", " the answer is on its way"))
    elif now.why or page.wrong:
        lines.append(("error", cut(f" {one_line(page.wrong or now.why)}", columns)))
    else:
        lines.append("")
    return lines


def _backend(asked: OpenAsk, world: World) -> str:
    tools = world.capabilities.tools if world.capabilities else ()
    return next((each.backend for each in tools if each.name == asked.asker), "")


def _url(asked: OpenAsk, columns: int) -> urwid.Widget:
    url = asked.text("url")
    host, warning = host_of(url)
    lines: list[Markup] = [[("dim", " It wants you to open a page of "), ("title", host or "no host")], ""]
    whole = one_line(url)
    at = whole.find(host) if host else -1
    for start, text in _pieces(whole, columns - 4):
        lines.append(["  ", *_marked(text, at - start, len(host))])
    lines += ["", ("warn", f" {warning}")] if warning else []
    told = "Nothing here opens it. Open it if you trust it: y copies it. What you type there does not come by here."
    lines += ["", *(("dim", f" {text}") for text in wrapped_text(told, columns - 2))]
    return urwid.Filler(urwid.Pile([urwid.Text(line, wrap="clip") for line in lines]), valign="top")


def _pieces(text: str, columns: int) -> list[tuple[int, str]]:
    return [(at, text[at : at + columns]) for at in range(0, len(text), columns)] or [(0, "(no URL)")]


def _marked(text: str, at: int, length: int) -> list[str | tuple[str, str]]:
    """A piece of the URL, the host in it marked."""
    start, end = max(at, 0), max(at + length, 0)
    parts: list[str | tuple[str, str]] = [("info", text[:start]), ("title", text[start:end]), ("info", text[end:])]
    return [part for part in parts if part[1]]


def _sampling(page: AskPage, reply: SamplingReply, world: World, columns: int, rows: int) -> urwid.Widget:
    said = page.said
    lines: tuple[ShownLine, ...] = ()
    if said is not None:
        lines = document_lines(said, frozenset(), columns - 2, world.look.is_unicode)
    above = max(rows - 3 - max(rows // 3, 4), 2)
    top = max(0, min(page.top, len(lines) - above))

    def draw(at: int) -> Markup:
        line = lines[at]
        return [(line.attribute, f" {line.text}")] if line.attribute else f" {line.text}"

    more = len(lines) - top - above
    bar = f" your words as the assistant{f'   {more} more lines above: PgDn' if more > 0 else ''}"
    below = urwid.Pile(
        [
            _field(" model  ", reply.model, reply.at == 1, columns),
            _field(" stopped", reply.stop, reply.at == 2, columns),
        ]
    )
    parts: list[tuple[int, urwid.Widget] | urwid.Widget] = [
        (above, Rows(len(lines), draw, top=top)),
        (1, urwid.Filler(urwid.Text(("label", bar), wrap="clip"))),
        _area(reply.text, columns, max(rows - above - 3, 1), has_cursor=reply.at == 0),
    ]
    return urwid.Frame(urwid.Pile(parts), footer=below)


def _field(label: str, line: EditedLine, is_edited: bool, columns: int) -> urwid.Widget:
    marked: Markup = (
        edited_line(label + " ", line, columns) if is_edited else [("label", label), f" {one_line(line.text)}"]
    )
    return urwid.Text(marked, wrap="clip")


def _roots(reply: RootsReply, columns: int, rows: int) -> urwid.Widget:
    told = " folders that you give it, one a line; with no line you give none"
    return urwid.Frame(_area(reply.text, columns, rows - 1), urwid.Text(("dim", told), wrap="clip"))


def _area(text: EditedText, columns: int, rows: int, *, has_cursor: bool = True) -> urwid.Widget:
    top = max(0, min(text.row - rows // 2, len(text.lines) - rows))

    def draw(at: int) -> Markup:
        if at == text.row and has_cursor:
            return edited_line(" ", EditedLine(text.lines[at], text.column), columns)
        return (
            f" {cut(text.lines[at], columns - 2)}" if text.lines[at].isprintable() else f" {one_line(text.lines[at])}"
        )

    return Rows(len(text.lines), draw, top=top)
