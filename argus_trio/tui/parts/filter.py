"""What a list is narrowed to: words that all have to stand in a row, typed behind `/`. Pure."""

from __future__ import annotations

import attrs

from argus_trio import Value
from argus_trio.tui.parts.line import EditedLine


@attrs.frozen(kw_only=True)
class WordFilter(Value):
    """The words, and the line in which they are typed; None while nobody types."""

    words: str = ""
    line: EditedLine | None = None

    @property
    def text(self) -> str:
        """What is looked for now."""
        return self.line.text if self.line is not None else self.words

    @property
    def is_typing(self) -> bool:
        """Whether letters are text."""
        return self.line is not None

    def has(self, *texts: str | None) -> bool:
        """Whether every word stands somewhere in the texts; case does not count."""
        wanted = self.text.casefold().split()
        if not wanted:
            return True
        whole = "\n".join(each for each in texts if each).casefold()
        return all(word in whole for word in wanted)

    def pressed(self, key: str) -> WordFilter | None:
        """The filter after a key; None for one that means nothing to it. Escape clears it, Enter keeps it."""
        if self.line is None:
            if key == "/":
                return WordFilter(words=self.words, line=EditedLine(self.words))
            return WordFilter() if key == "esc" and self.words else None
        if key == "esc":
            return WordFilter()
        if key == "enter":
            return WordFilter(words=self.line.text)
        line = self.line.pressed(key)
        return None if line is None else attrs.evolve(self, line=line)

    def pasted(self, text: str) -> WordFilter | None:
        """The filter with a text put in where one types."""
        if self.line is None:
            return None
        one = " ".join(text.split())
        line = EditedLine(
            self.line.text[: self.line.at] + one + self.line.text[self.line.at :], self.line.at + len(one)
        )
        return attrs.evolve(self, line=line)
