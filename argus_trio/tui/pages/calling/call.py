"""A call: what has come of it so far, and what it came to."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.clients import CANCEL_EXCHANGE
from argus_trio.manage_client.moments import size
from argus_trio.tui.calls.call import PastCall
from argus_trio.tui.calls.document import Block, ResultDocument, document, saved_bytes
from argus_trio.tui.calls.lines import ShownLine, call_lines
from argus_trio.tui.calls.start import again, resource_read
from argus_trio.tui.calls.tree import TreePath
from argus_trio.tui.effect import CopyText, Effect, Fetch, GiveUpCall, Open, SaveFile, Tell
from argus_trio.tui.message import CallBroke, CallCame, Clicked, DashboardMessage, FetchFailed, Key, Pasted, Wheeled
from argus_trio.tui.pages.calling.repeating import guarded
from argus_trio.tui.pages.page import KeyHelp
from argus_trio.tui.parts.cursor import Cursor
from argus_trio.tui.parts.line import EditedLine
from argus_trio.tui.state.world import World
from argus_trio.tui.step import Step

HEAD_ROWS: Final = 4
"""How many rows of the page are not of its list: what is called, how it stands, its progress, and what is typed."""
COPY_BYTES: Final = 64 * 1024
"""The most that is put on a clipboard: many terminals take no more by OSC 52."""
_ENDS: Final = {"image/jpeg": "jpg", "image/svg+xml": "svg", "audio/mpeg": "mp3", "text/plain": "txt"}


@attrs.frozen(kw_only=True)
class CallPage(Value):
    """Which call is shown, and what of it is unfolded."""

    title: ClassVar[str] = "Call"

    id: int
    result: ResultDocument | None = None
    cursor: Cursor = attrs.field(factory=Cursor)
    toggled: frozenset[TreePath] = frozenset()
    """What is not folded as it is at first."""
    search: EditedLine | None = None
    """What is typed to be searched; None while nobody types."""
    wanted: str = ""
    """What was searched last."""
    saving: EditedLine | None = None
    """The name of a file that is typed; None while nobody types."""
    saved: Block | None = None
    """What is to be saved there; None for all."""
    is_cancelling: bool = False

    @property
    def keys(self) -> tuple[KeyHelp, ...]:
        """See `DashboardPage`."""
        if self.is_typing:
            return (KeyHelp("Enter", "save" if self.saving else "search"), KeyHelp("Esc", "leave it"))
        return _RUNNING if self.result is None else _OVER

    @property
    def is_typing(self) -> bool:
        """See `DashboardPage`."""
        return self.search is not None or self.saving is not None

    def opened(self, world: World) -> Step[CallPage]:
        """See `DashboardPage`."""
        return Step(self._with_result(world))

    def closed(self) -> Step[None]:
        """See `DashboardPage`. The call goes on: the head counts it, and the history has it."""
        return Step(None)

    def lines(self, world: World) -> tuple[ShownLine, ...]:
        """All lines, as they are on this screen."""
        call = world.calls.call(self.id)
        if call is None:
            return ()
        past = world.calls.past(self.id)
        columns = max(world.columns - 2, 10)
        return call_lines(call, past, self.result, self.toggled, columns, is_unicode=world.look.is_unicode)

    def told(self, message: DashboardMessage, world: World) -> Step[CallPage] | None:
        """See `DashboardPage`."""
        if isinstance(message, CallCame | CallBroke):
            return Step(self._with_result(world)) if message.call.id == self.id else None
        if isinstance(message, FetchFailed) and message.request.key == self._cancel_key:
            return Step(attrs.evolve(self, is_cancelling=False), (GiveUpCall(self.id),))
        if isinstance(message, Pasted) and self.is_typing:
            return self._typed_text(message.text)
        if isinstance(message, Wheeled):
            return Step(self._moved_by(message.lines, world))
        if isinstance(message, Clicked) and message.zone == "line":
            page = attrs.evolve(self, cursor=Cursor(message.at))
            return page.entered(world) if message.is_double else Step(page)
        if not isinstance(message, Key):
            return None
        if self.is_typing:
            return self._typed(message.name, world)
        return self._pressed(message.name, world)

    @property
    def _cancel_key(self) -> str:
        return f"cancel call {self.id}"

    def _with_result(self, world: World) -> CallPage:
        past = world.calls.past(self.id)
        if past is None or self.result is not None:
            return self
        return attrs.evolve(self, result=document(past.outcome, past.call.kind), cursor=Cursor())

    def _pressed(self, name: str, world: World) -> Step[CallPage] | None:
        lines = self.lines(world)
        at = self.cursor.within(len(lines)).at
        line = lines[at] if lines else None
        match name:
            case "enter" | " ":
                return self.entered(world)
            case "right" | "l" | "left" | "h" if line is not None and line.does == "fold":
                return Step(self._folded(line) if line.is_open == (name in ("left", "h")) else self)
            case "left" | "h" if line is not None:
                return Step(self._to_parent(lines, at))
            case "c":
                return self._cancelled(world)
            case "/":
                return Step(attrs.evolve(self, search=EditedLine(self.wanted)))
            case "n" | "N" if self.wanted:
                return self.found(world, 1 if name == "n" else -1)
            case "y" | "Y" if line is not None:
                return Step(self, (_copied(line, is_place=name == "Y"),))
            case "s" | "S":
                return self._saving(line.block if line is not None and name == "s" else None, world)
            case "r":
                return self._again(world)
        moved = self.cursor.within(len(lines)).moved(name, len(lines), world.page - HEAD_ROWS)
        return None if moved is None else Step(attrs.evolve(self, cursor=moved))

    def _moved_by(self, count: int, world: World) -> CallPage:
        return attrs.evolve(self, cursor=Cursor(max(0, min(self.cursor.at + count, len(self.lines(world)) - 1))))

    def _folded(self, line: ShownLine) -> CallPage:
        return attrs.evolve(self, toggled=self.toggled ^ {line.path})

    def _to_parent(self, lines: tuple[ShownLine, ...], at: int) -> CallPage:
        path = lines[at].path
        found = next((up for up in range(at - 1, -1, -1) if path and lines[up].path == path[:-1]), None)
        return self if found is None else attrs.evolve(self, cursor=Cursor(found))

    def entered(self, world: World) -> Step[CallPage] | None:
        """Fold, unfold or follow what is under the cursor."""
        lines = self.lines(world)
        if not lines:
            return None
        line = lines[self.cursor.within(len(lines)).at]
        if line.does == "fold":
            return Step(self._folded(line))
        if line.does == "follow" and line.block is not None and line.block.uri:
            start = resource_read(world.calls, line.block.uri, view=world.view)
            return Step(self, (start, Open(CallPage(id=start.id))))
        return Step(self)

    def _cancelled(self, world: World) -> Step[CallPage]:
        call = world.calls.under_way.get(self.id)
        if call is None:
            return Step(self, (Tell(text="the call is over already"),))
        if not call.exchange or self.is_cancelling:
            return Step(self, (GiveUpCall(self.id), Tell(text=f"{call.target} is given up")))
        ask = Fetch(operation=CANCEL_EXCHANGE, path={"id": call.exchange}, body={}, key=self._cancel_key)
        told = Tell(text="the gateway is asked to cancel it; c again closes the call without waiting for its word")
        return Step(attrs.evolve(self, is_cancelling=True), (ask, told))

    def _again(self, world: World) -> Step[CallPage]:
        call = world.calls.call(self.id)
        if call is None or self.result is None:
            return Step(self, (Tell(text="it is under way: c cancels it"),))
        start = again(world.calls, call.start)
        return Step(self, guarded(call, world, (start, Open(CallPage(id=start.id)))))

    def _saving(self, block: Block | None, world: World) -> Step[CallPage]:
        past = world.calls.past(self.id)
        if past is None or not past.outcome.raw:
            return Step(self, (Tell(text="there is nothing to be saved"),))
        name = EditedLine(_file_name(past, block))
        return Step(attrs.evolve(self, saving=name, saved=block))

    def _typed_text(self, text: str) -> Step[CallPage]:
        line = text.partition("\n")[0]
        if self.saving is not None:
            return Step(attrs.evolve(self, saving=EditedLine(self.saving.text + line)))
        return Step(attrs.evolve(self, search=EditedLine((self.search.text if self.search else "") + line)))

    def _typed(self, name: str, world: World) -> Step[CallPage] | None:
        if name == "esc":
            return Step(attrs.evolve(self, search=None, saving=None, saved=None))
        if name == "enter" and self.saving is not None:
            return self._save(self.saving.text, world)
        if name == "enter" and self.search is not None:
            page = attrs.evolve(self, search=None, wanted=self.search.text)
            return page.found(world, 1, from_=-1) if page.wanted else Step(page)
        edited = (self.saving or self.search or EditedLine()).pressed(name)
        if edited is None:
            return Step(self)
        return Step(attrs.evolve(self, saving=edited) if self.saving is not None else attrs.evolve(self, search=edited))

    def _save(self, name: str, world: World) -> Step[CallPage]:
        page = attrs.evolve(self, saving=None, saved=None)
        past = world.calls.past(self.id)
        if past is None or not name.strip():
            return Step(page)
        try:
            content = past.outcome.raw if self.saved is None else saved_bytes(self.saved)
        except (msgspec.DecodeError, UnicodeDecodeError):
            told = "it is not what it says, and cannot be saved by itself; S saves all"
            return Step(page, (Tell(text=told, kind="error"),))
        return Step(page, (SaveFile(path=Path(name.strip()).expanduser(), content=content),))

    def found(self, world: World, step: int, *, from_: int = 0) -> Step[CallPage]:
        """The next line, or the one before, that has what is wanted; the search goes around."""
        lines = self.lines(world)
        at = self.cursor.within(len(lines)).at + from_
        wanted = self.wanted.lower()
        for count in range(1, len(lines) + 1):
            found = (at + step * count) % len(lines)
            if wanted in lines[found].text.lower():
                return Step(attrs.evolve(self, cursor=Cursor(found)))
        told = f"{self.wanted} is not there; what is folded is not searched"
        return Step(self, (Tell(text=told, kind="warning"),))


_RUNNING: Final = (
    KeyHelp("c", "cancel", "Cancel the call; the backend is told"),
    KeyHelp("Enter", "unfold", "Fold or unfold what is under the cursor"),
    KeyHelp("/", "search", "Search what is unfolded; n and N lead on"),
)
_OVER: Final = (
    KeyHelp("Enter", "unfold", "Fold or unfold, or follow a link to a resource by reading it"),
    KeyHelp("s", "save", "Save the part under the cursor to a file: a text, an image, a value"),
    KeyHelp("S", "save all", "Save the whole result as JSON", in_foot=False),
    KeyHelp("y", "copy", "Copy the value under the cursor, or the text"),
    KeyHelp("Y", "copy path", "Copy where the value stands in the JSON", in_foot=False),
    KeyHelp("r", "again", "Call the same once more"),
    KeyHelp("/", "search", "Search what is unfolded; n and N lead on"),
)


def _copied(line: ShownLine, *, is_place: bool) -> Effect:
    if is_place:
        return CopyText(text=line.place, what="the path") if line.place else Tell(text="this line has no path")
    if line.place:
        text = line.value if isinstance(line.value, str) else msgspec.json.encode(line.value).decode()
    elif line.block is not None and line.block.kind == "link":
        text = line.block.uri
    elif line.block is not None and line.block.kind == "text" and not line.block.cut:
        text = line.block.text
    else:
        text = line.text
    if len(text.encode("utf-8", "replace")) > COPY_BYTES:
        return Tell(text=f"more than {size(COPY_BYTES)} are not copied; s saves it", kind="warning")
    return CopyText(text=text, what="the value" if line.place else "the text")


def _file_name(past: PastCall, block: Block | None) -> str:
    """A name that says what it is; the target is of others, so only its letters count."""
    name = "".join(each if each.isascii() and each.isalnum() else "-" for each in past.call.target)[-40:].strip("-")
    if block is None or (block.kind == "json" and block.media_type != "text"):
        end = "json"
    elif block.kind == "binary":
        end = _ENDS.get(block.media_type) or block.media_type.partition("/")[2].partition(";")[0]
        end = end if end.isascii() and end.isalnum() and len(end) <= 16 else "bin"
    else:
        end = "txt"
    return f"{name or 'result'}.{end}"
