"""What every factory of a stage is told, and how it says that the file asks for what cannot be made."""

from __future__ import annotations

from pathlib import Path

import attrs

from argus_trio import Value
from argus_trio.config.model.config import Config
from argus_trio.core.journal import Journal
from argus_trio.pipeline.kept_state import KeptState


class SpecUnusable(Exception):
    """One middleware cannot be made as the file says. `key` is where below it, as `use` or `options`."""

    def __init__(self, message: str, hint: str = "", *, key: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.key = key


@attrs.frozen(kw_only=True)
class FactoryContext(Value):
    """What a factory is told besides its own part of the file."""

    config: Config
    folder: Path
    """Where the file is."""
    kept: KeptState
    journal: Journal = attrs.field(factory=Journal)
    """What has happened."""
