"""The metadata of the model's fields: the line in the reference and in the JSON Schema, and bounds."""

from __future__ import annotations


def about(text: str, **more: object) -> dict[str, object]:
    """The metadata of a field that is a key of the file.

    `more` are bounds of its value, as JSON Schema names them; `part="link"` marks what a running connection was opened
    with, so that a change there needs a new one.
    """
    return {"about": text, **more}
