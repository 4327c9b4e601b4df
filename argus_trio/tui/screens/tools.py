"""The views of tools, prompts, resources and templates, of one of them, and of the calls of this dashboard."""

from __future__ import annotations

from typing import Final

import msgspec
import urwid

from argus_trio.contract.capabilities import PromptEntry, ResourceEntry, ResourceTemplateEntry, ToolEntry
from argus_trio.manage_client.clean import clean, one_line, wrapped
from argus_trio.manage_client.moments import duration
from argus_trio.tui.calls.call import PastCall
from argus_trio.tui.kit.cells import Markup, TextCell, row
from argus_trio.tui.kit.outline import outline
from argus_trio.tui.kit.rows import Rows
from argus_trio.tui.pages.calling.history import HistoryPage
from argus_trio.tui.pages.entry import EntryPage, definition
from argus_trio.tui.pages.tools import ToolsPage
from argus_trio.tui.state.entries import KINDS, ShownEntry, entries
from argus_trio.tui.state.world import World

PANES_COLUMNS: Final = 120
"""From how many columns on the details stand beside the list."""
_SIGNS: Final = {"tool": "t", "prompt": "p", "resource": "r", "template": "R"}


def tools(page: ToolsPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """What is searched for, and what there is to know of the one that is meant."""
    shown = page.shown(world)
    at = page.at(shown)
    has_panes = columns >= PANES_COLUMNS and bool(shown)
    width = columns * 11 // 20 if has_panes else columns
    words = page.search.text if page.search is not None else page.words

    def draw(number: int) -> Markup:
        return _row(shown[number], words, width)

    head = urwid.Text(_search(page, world, len(shown)), wrap="clip")
    height = max(rows - 1, 1)
    top = max(0, min(at - height // 2, len(shown) - height))
    listed: urwid.Widget = Rows(len(shown), draw, top=top, cursor=at)
    if not shown:
        listed = urwid.Filler(urwid.Text(("dim", _nothing(page, world)), align="center"))
    if has_panes:
        lines = details(shown[at], columns - width - 3, is_raw=False)
        beside = Rows(len(lines), lines.__getitem__)
        sign = world.look.sign("│", "|")
        listed = urwid.Columns([(width, listed), (3, urwid.SolidFill(sign)), beside])
    return urwid.Frame(listed, head)


def _nothing(page: ToolsPage, world: World) -> str:
    if world.capabilities is None:
        return "the catalog has not come yet"
    return "nothing is found; Escape clears the search" if page.words or page.search else "there is nothing to call"


def _search(page: ToolsPage, world: World, count: int) -> list[str | tuple[str, str]]:
    kinds = ("all", *KINDS)
    chosen: list[str | tuple[str, str]] = [
        ("tab" if at == page.kinds else "dim", f" {name} ") for at, name in enumerate(kinds)
    ]
    all_of_them = len(entries(world.capabilities))
    said = f"  {count} of {all_of_them}{'' if page.with_hidden else ', hidden ones left out'}  "
    if page.search is not None:
        line = page.search
        text = (
            one_line(line.text[: line.at]),
            line.text[line.at : line.at + 1] or " ",
            one_line(line.text[line.at + 1 :]),
        )
        return [*chosen, said, ("label", "/"), ("input", text[0]), ("cursor", text[1]), ("input", text[2])]
    return [*chosen, said, *([("label", "/"), ("match", one_line(page.words))] if page.words else [])]


def _row(each: ShownEntry, words: str, columns: int) -> Markup:
    name = min(max(columns * 2 // 5, 20), 44)
    about = f"hidden: {each.hidden}" if each.hidden else each.description or each.title
    return row(
        (
            TextCell(_SIGNS[each.kind], 1, "label"),
            TextCell(each.key, name, "dim" if each.hidden else "match" if words and _is_named(each, words) else "name"),
            TextCell(each.backend, 12, "dim"),
            TextCell(about, max(columns - name - 17, 0), "warn" if each.hidden else "dim"),
        )
    )


def _is_named(each: ShownEntry, words: str) -> bool:
    return all(word in each.name_text for word in words.casefold().split())


def entry(page: EntryPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """All there is to know of one of them."""
    lines = details(page.shown, columns - 1, is_raw=page.is_raw)
    return Rows(len(lines), lines.__getitem__, top=max(0, min(page.cursor.at, len(lines) - rows)))


def details(shown: ShownEntry, columns: int, *, is_raw: bool) -> list[Markup]:
    """One of them in lines of so many columns."""
    each = shown.entry
    lines: list[Markup] = [[("title", one_line(shown.key)), ("dim", f"  {shown.kind}")]]
    if shown.hidden:
        lines.append(("warn", f"hidden from clients: {one_line(shown.hidden)}"))
    if is_raw:
        return [*lines, "", *(line.expandtabs(4) for line in clean(definition(shown)).split("\n"))]
    lines += _facts(each)
    if shown.description:
        lines.append("")
        for paragraph in clean(shown.description).split("\n"):
            lines += wrapped(paragraph.expandtabs(4), max(columns, 10))
    if isinstance(each, ToolEntry):
        lines += ["", ("label", "Input"), *outline(bytes(each.input_schema), columns)]
        if bytes(each.output_schema) != b"null":
            lines += ["", ("label", "Output"), *outline(bytes(each.output_schema), columns)]
    if isinstance(each, PromptEntry):
        lines += ["", ("label", "Arguments"), *_arguments(bytes(each.arguments))]
    return lines


def _facts(each: ToolEntry | PromptEntry | ResourceEntry | ResourceTemplateEntry) -> list[Markup]:
    facts: list[tuple[str, str]] = [("backend", each.backend)]
    if isinstance(each, ToolEntry | PromptEntry) and each.renamed:
        facts.append(("there called", each.original_name))
    if isinstance(each, ToolEntry):
        facts += [("title", each.title)] if each.title else []
        facts += [("says of itself", hints)] if (hints := _hints(bytes(each.annotations))) else []
    if isinstance(each, ResourceEntry | ResourceTemplateEntry):
        facts += [("name", each.name)] if each.name else []
        facts += [("type", each.mime_type)] if each.mime_type else []
    return [[("label", f"{name}: "), one_line(value)] for name, value in facts]


def _hints(raw: bytes) -> str:
    try:
        hints = msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    words = {
        ("readOnlyHint", True): "changes nothing",
        ("readOnlyHint", False): "changes something",
        ("destructiveHint", True): "may destroy",
        ("destructiveHint", False): "destroys nothing",
        ("idempotentHint", True): "twice is as once",
        ("openWorldHint", True): "reaches outside",
        ("openWorldHint", False): "reaches nothing outside",
    }
    said = [words[name, value] for name, value in hints.items() if isinstance(value, bool) and (name, value) in words]
    return ", ".join(said)


def _arguments(raw: bytes) -> list[Markup]:
    try:
        listed = msgspec.json.decode(raw, type=list[dict[str, object]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [("dim", "none")]
    return [
        [
            ("name", one_line(f"{each.get('name')}{'*' if each.get('required') is True else ''}")),
            ("dim", f"  {one_line(str(each.get('description') or ''))}"),
        ]
        for each in listed
    ] or [("dim", "none")]


def history(page: HistoryPage, world: World, columns: int, rows: int) -> urwid.Widget:
    """The calls of this dashboard."""
    shown = page.shown(world)
    cursor = page.cursor.within(len(shown))

    def draw(at: int) -> Markup:
        meant = shown[at]
        call = meant.call if isinstance(meant, PastCall) else meant
        is_over = isinstance(meant, PastCall)
        word = meant.outcome.kind.replace("_", " ") if isinstance(meant, PastCall) else "under way"
        took = (meant.ended if isinstance(meant, PastCall) else world.now) - call.since
        arguments = (
            msgspec.json.encode(call.arguments)[:300].decode("utf-8", "replace") if call.kind != "resource" else ""
        )
        return row(
            (
                TextCell(word, 10, "good" if word == "result" else "bad" if is_over else "warn"),
                TextCell(duration(max(took, 0)), 9, align="right"),
                TextCell(call.kind, 8, "dim"),
                TextCell(call.target, 30, "name"),
                TextCell(arguments, max(columns - 61, 0), "dim"),
            )
        )

    if not shown:
        return urwid.Filler(urwid.Text(("dim", "no call was made yet"), align="center"))
    return Rows(len(shown), draw, top=cursor.top(len(shown), rows), cursor=cursor.at)
