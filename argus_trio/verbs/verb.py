"""What each verb is given."""

from __future__ import annotations

from argparse import Namespace

import attrs

from argus_trio.verbs.link.client import ManageClient
from argus_trio.verbs.show.terminal import Terminal


@attrs.frozen(kw_only=True, eq=False)
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
