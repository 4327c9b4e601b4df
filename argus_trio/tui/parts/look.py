"""How everything is shown: which palette, with how many colours, in Unicode or ASCII. What a colour says is said by a
word or a sign as well."""

from __future__ import annotations

from typing import Literal

import attrs

from argus_trio import Value

PaletteName = Literal["dark", "light", "mono"]


@attrs.frozen(kw_only=True)
class Appearance(Value):
    """What a view has to know of the terminal."""

    palette: PaletteName = "dark"
    is_unicode: bool = True

    def sign(self, unicode: str, ascii_: str) -> str:
        """One of two spellings of the same."""
        return unicode if self.is_unicode else ascii_
