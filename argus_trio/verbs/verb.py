"""What each verb is given."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence

import attrs

from argus_trio.manage_client.failure import DONE, FAILED, CommandFailed
from argus_trio.verbs.link.client import ManageClient
from argus_trio.verbs.show.terminal import Terminal


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Verb:
    """One verb as it was written, where it writes, and the gateway that it asks."""

    options: Namespace
    terminal: Terminal
    client: ManageClient

    def shows_raw(self, raw: bytes) -> bool:
        """Write an answer as it came, where that is wanted; whether so."""
        if self.terminal.is_json:
            self.terminal.raw(raw)
        return self.terminal.is_json

    def option(self, name: str) -> str:
        """An option that is a text; empty where it was not given."""
        value = getattr(self.options, name, None)
        return value if isinstance(value, str) else ""

    def each(self, names: Sequence[str], act: Callable[[str], int]) -> int:
        """Act on several things; the first exit code that is not 0. What is wrong with one does not keep the others.

        Raises:
            CommandFailed: there is one thing alone, or what is wrong is wrong with all of them.
        """
        code = DONE
        for name in dict.fromkeys(names):
            try:
                result = act(name)
                code = code or result
            except CommandFailed as failure:
                if len(names) == 1 or failure.code != FAILED:
                    raise
                self.terminal.failed(f"{name}: {failure}", failure.raw)
                code = code or failure.code
        return code
