"""What the user writes to answer sampling and roots, and how keys change it. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.tui.parts.area import EditedText
from argus_trio.tui.parts.line import EditedLine

_FIELDS: Final = 3
"""The text, the model's name, why it stopped."""
_FILE: Final = "file://"


class WrongReply(ValueError):
    """What was written cannot be sent; the text says what is wanted."""


@attrs.frozen(kw_only=True)
class SamplingReply(Value):
    """The words of the assistant, as the user writes them."""

    text: EditedText = attrs.field(factory=EditedText)
    model: EditedLine = attrs.field(factory=lambda: EditedLine("human"))
    stop: EditedLine = attrs.field(factory=lambda: EditedLine("endTurn"))
    at: int = 0
    """Which of the three is edited."""

    @property
    def is_touched(self) -> bool:
        """Whether anything was written."""
        return bool(self.text.text)

    def pressed(self, key: str) -> SamplingReply | None:
        """The reply after a key; None for one that means nothing to it."""
        if key in ("tab", "shift tab"):
            return attrs.evolve(self, at=(self.at + (1 if key == "tab" else -1)) % _FIELDS)
        if self.at == 0:
            text = self.text.pressed(key)
            return None if text is None else attrs.evolve(self, text=text)
        if key in ("up", "down", "enter"):
            return attrs.evolve(self, at=max(0, min(self.at + (-1 if key == "up" else 1), _FIELDS - 1)))
        line = (self.model if self.at == 1 else self.stop).pressed(key)
        return None if line is None else self._with(line)

    def pasted(self, text: str) -> SamplingReply:
        """The reply with a text put in at the cursor."""
        if self.at == 0:
            return attrs.evolve(self, text=self.text.pasted(text))
        line, one = (self.model if self.at == 1 else self.stop), " ".join(text.split())
        line = EditedLine(line.text[: line.at] + one + line.text[line.at :], line.at + len(one))
        return self._with(line)

    def _with(self, line: EditedLine) -> SamplingReply:
        return attrs.evolve(self, model=line) if self.at == 1 else attrs.evolve(self, stop=line)

    def result(self) -> dict[str, object]:
        """The result as MCP has it. Raises WrongReply."""
        if not self.model.text.strip():
            raise WrongReply("the name of a model is wanted; `human` says that you wrote it")
        content = {"type": "text", "text": self.text.text}
        stop = {"stopReason": self.stop.text.strip()} if self.stop.text.strip() else {}
        return {"role": "assistant", "content": content, "model": self.model.text.strip(), **stop}


@attrs.frozen(kw_only=True)
class RootsReply(Value):
    """Folders and `file://` URIs, one a line."""

    text: EditedText = attrs.field(factory=EditedText)
    is_touched: bool = False

    def pressed(self, key: str) -> RootsReply | None:
        """The reply after a key; None for one that means nothing to it."""
        text = self.text.pressed(key)
        return (
            None if text is None else RootsReply(text=text, is_touched=self.is_touched or text.text != self.text.text)
        )

    def pasted(self, text: str) -> RootsReply:
        """The reply with a text put in at the cursor."""
        return RootsReply(text=self.text.pasted(text), is_touched=True)

    def result(self) -> dict[str, object]:
        """The result as MCP has it; no line is no root. Raises WrongReply."""
        lines = [line.strip() for line in self.text.lines]
        return {"roots": [_root(number, line) for number, line in enumerate(lines, 1) if line]}


def _root(number: int, line: str) -> dict[str, object]:
    if line.startswith(_FILE):
        return {"uri": line}
    try:
        path = Path(line).expanduser()
        return {"uri": path.as_uri(), "name": path.name or "/"}
    except (ValueError, RuntimeError):  # it is relative, or nobody's home
        raise WrongReply(f"line {number}: a folder from / or ~ on, or a {_FILE} URI is wanted") from None
