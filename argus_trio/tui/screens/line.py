"""A line that is edited, with its cursor in sight."""

from __future__ import annotations

from argus_trio.manage_client.clean import clean, cut
from argus_trio.tui.kit.cells import Markup
from argus_trio.tui.parts.line import EditedLine


def edited_line(label: str, line: EditedLine, columns: int) -> Markup:
    """A label and what is typed; of a long line that part in which the cursor stands."""
    room = max(columns - len(label) - 2, 4)
    start = max(0, line.at - room + 1)
    before, under = line.text[start : line.at], line.text[line.at : line.at + 1] or " "
    after = cut(clean(line.text[line.at + 1 :][:room]), max(room - len(before), 1))
    return [("label", label), ("input", clean(before)), ("cursor", clean(under)), ("input", after)]
