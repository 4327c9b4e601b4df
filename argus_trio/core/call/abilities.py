"""What a client can be asked: its declared capabilities as a small fixed set of bits, equal for equal clients.

A backend is told exactly these, so that it asks for nothing else; whatever else a client declares is no question.
"""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.wire.envelope import Params
from argus_trio.wire.members import object_member, string_member

ASKS: Final = ("elicitation/create", "sampling/createMessage", "roots/list")
"""What a server may ask a client for."""


@attrs.frozen(kw_only=True)
class Abilities:
    """Each bit is one thing that a backend may ask for (2025-11-25 and 2026-07-28, ClientCapabilities)."""

    form: bool = False
    """Elicitation by form. What declares elicitation without a mode means this one."""
    url: bool = False
    """Elicitation by URL."""
    sampling: bool = False
    sampling_tools: bool = False
    sampling_context: bool = False
    roots: bool = False
    roots_changes: bool = False
    """Whether the client tells when its roots change."""

    @property
    def any(self) -> bool:
        """Whether there is anything at all that the client can be asked."""
        return self != NONE

    def permits(self, method: str, params: Params) -> bool:
        """Whether the client declared that it can answer this ask."""
        if method == "roots/list":
            return self.roots
        if method == "sampling/createMessage":
            return self.sampling and (self.sampling_tools or "tools" not in params)
        return method == "elicitation/create" and (self.url if _mode(params) == "url" else self.form)

    def declared(self) -> dict[str, object]:
        """The `ClientCapabilities` that say this, no more and no less; JSON-encodable."""
        capabilities: dict[str, object] = {}
        if self.form or self.url:
            capabilities["elicitation"] = {m: {} for m, can in (("form", self.form), ("url", self.url)) if can}
        if self.sampling:
            details = (("tools", self.sampling_tools), ("context", self.sampling_context))
            capabilities["sampling"] = {name: {} for name, can in details if can}
        if self.roots:
            capabilities["roots"] = {"listChanged": True} if self.roots_changes else {}
        return capabilities


NONE: Final = Abilities()


def abilities_of(capabilities: Params) -> Abilities:
    """The abilities that one level of a `ClientCapabilities` object declares; what is malformed declares nothing."""
    elicitation = object_member(capabilities, "elicitation")
    sampling = object_member(capabilities, "sampling")
    roots = object_member(capabilities, "roots")
    return Abilities(
        form=elicitation is not None and ("form" in elicitation or "url" not in elicitation),
        url=elicitation is not None and "url" in elicitation,
        sampling=sampling is not None,
        sampling_tools=sampling is not None and "tools" in sampling,
        sampling_context=sampling is not None and "context" in sampling,
        roots=roots is not None,
        roots_changes=roots is not None and bytes(roots.get("listChanged", b"")) == b"true",
    )


def _mode(params: Params) -> str:
    mode = string_member(params, "mode")
    return "form" if mode is None else mode
