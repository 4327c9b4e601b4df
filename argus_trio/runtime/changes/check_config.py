"""Checks a configuration beside the one that runs, as `argus-trio check` does; nothing of it takes effect or is kept.

Who may ask for that need not be who writes the file: code that the file does not name yet is not run for a text.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Final

import attrs
import trio

from argus_trio.config.file import ConfigFile
from argus_trio.config.model.config import Config
from argus_trio.config.model.middleware import CustomSpec
from argus_trio.config.read.secrets import hidden_in
from argus_trio.core.control import Checked, NoFile
from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.pipeline.build import may_import_any
from argus_trio.runtime.changes.candidate import READ_SECONDS, made

MOST_CHECKS: Final = 2
"""How many configurations are checked at once: each takes a thread, which a file system that hangs keeps."""


@attrs.define(eq=False, repr=False, kw_only=True)
class ConfigCheck:
    """Checks texts, or the file on disk."""

    file: ConfigFile | None
    """The configuration file; without it a text stands in the working directory."""
    config: Callable[[], Config]
    """Tells the configuration in effect."""
    kept: Callable[[], Mapping[Hashable, object]]
    """Tells what the pipeline in effect keeps."""
    is_exposed: bool = False
    """Whether the gateway serves on an inherited socket that can be reached from elsewhere."""
    _threads: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(MOST_CHECKS), init=False)

    async def __call__(self, text: str | None) -> Checked:
        """What there is to say of a text in place of the file, or of the file on disk.

        Raises:
            NoFile: there is neither.
        """
        if text is None and self.file is None:
            raise NoFile("this gateway runs without a configuration file: send a text to be checked")
        known = [spec for spec in self.config().middleware if isinstance(spec, CustomSpec)]
        may_import = may_import_any if text is None else known.__contains__
        with trio.move_on_after(READ_SECONDS):
            return await trio.to_thread.run_sync(
                self._checked, text, self.kept(), may_import, abandon_on_cancel=True, limiter=self._threads
            )
        message = f"it could not be checked within {READ_SECONDS:g} s"
        return Checked(problems=(Problem(path="", message=message, hint="try again later"),))

    def _checked(
        self, text: str | None, kept: Mapping[Hashable, object], may_import: Callable[[CustomSpec], bool]
    ) -> Checked:
        file = self.file or ConfigFile(path=Path.cwd() / "config.yaml", environ=os.environ)
        try:
            config = file.check(text)
            made(config, file.path, kept, is_exposed=self.is_exposed, may_import=may_import)
        except ConfigInvalid as invalid:
            return Checked(problems=invalid.problems, warnings=invalid.warnings)
        warnings = (*config.warnings, *hidden_in(_not_imported(config, may_import), config.secrets))
        return Checked(warnings=warnings, backends=tuple(config.backends))


def _not_imported(config: Config, may_import: Callable[[CustomSpec], bool]) -> list[Problem]:
    return [
        Problem(
            path=f"middleware[{index}].use",
            message=f"{spec.use} was not imported, for the configuration in effect does not have it like this",
            hint="argus-trio check does that",
            line=config.lines.get(("middleware", index, "use"), config.lines.get(("middleware", index))),
        )
        for index, spec in enumerate(config.middleware)
        if isinstance(spec, CustomSpec) and not may_import(spec)
    ]
