"""How a program ended, in the words that are told of it wherever it ran."""

from __future__ import annotations

import signal


def in_words(code: int) -> str:
    """The end that an exit code stands for, the number of a signal being negative: "exited with code 3"."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
