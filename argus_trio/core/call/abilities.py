"""What a client can be asked: its declared capabilities as a small fixed set of bits, equal for equal clients.

A backend is told exactly these bits, so that it asks for nothing else; whatever else a client declares asks nothing. An
audience is one client as far as it depends on it what it is shown: by these bits, by who it is, and by the endpoint.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.wire.envelope import Params, Raw, decode_object
from argus_trio.wire.members import object_member, string_member, without_nulls

_NULL: Final = Raw(b"null")

REMEMBERED: Final = 256
"""Declarations that are remembered: clients make few different ones, and modern ones the same with each request."""
REMEMBERED_BYTES: Final = 1024
"""The longest that is remembered."""

ROOTS_LIST: Final = "roots/list"
"""The method by which a server asks a client for its roots."""

ASKS: Final = ("elicitation/create", "sampling/createMessage", ROOTS_LIST)
"""The methods by which a server may ask a client for something."""


@attrs.frozen(kw_only=True)
class Abilities(Value):
    """What one client can be asked, one bit for each thing (2025-11-25 and 2026-07-28, ClientCapabilities)."""

    form: bool = False
    """Elicitation by form; a client that declares elicitation without a mode means this one."""
    url: bool = False
    """Elicitation by URL."""
    sampling: bool = False
    """Sampling at all."""
    sampling_tools: bool = False
    """Sampling for which the server offers tools."""
    sampling_context: bool = False
    """Sampling with context of this server, or of all."""
    roots: bool = False
    """The list of roots."""
    roots_changes: bool = False
    """Whether the client tells when its roots change."""

    has_any: bool = attrs.field(init=False, eq=False, repr=False)
    """Whether the client can be asked anything at all."""

    @has_any.default
    def _whether_there_is_any(self) -> bool:
        elicitation, sampling = self.form or self.url, self.sampling or self.sampling_tools or self.sampling_context
        return elicitation or sampling or self.roots or self.roots_changes

    @property
    def are_roots_alone(self) -> bool:
        """Whether the client can be asked for its roots and nothing else."""
        return self.roots and not (self.form or self.url or self.sampling)

    @property
    def names(self) -> tuple[str, ...]:
        """What the client can be asked, by the names of these bits, in their order."""
        return tuple(name for name, is_set in attrs.asdict(self).items() if is_set and name != "has_any")

    def permits(self, method: str, params: Params) -> bool:
        """Whether the client declared that it can answer a request of this method with these params."""
        if method == ROOTS_LIST:
            return self.roots
        if method == "sampling/createMessage":
            return self.sampling and (self.sampling_tools or "tools" not in params)
        return method == "elicitation/create" and (self.url if _mode(params) == "url" else self.form)

    def declared(self) -> dict[str, object]:
        """The `ClientCapabilities` that declare exactly these abilities; JSON-encodable."""
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
"""The abilities of a client that can be asked nothing."""


@attrs.frozen(kw_only=True)
class Audience(Value):
    """One client, as far as it depends on it what it is shown."""

    abilities: Abilities = NONE
    """What it can be asked."""
    principal: Principal = ANONYMOUS
    """Who it is, as far as its last request said."""
    endpoint: str = ""
    """The view whose endpoint it uses; empty for the one that shows all."""


ANYBODY: Final = Audience()
"""A client that is nobody in particular."""


def abilities_of(capabilities: Params) -> Abilities:
    """The abilities that one level of a `ClientCapabilities` object declares; a malformed member declares nothing."""
    elicitation = object_member(capabilities, "elicitation")
    sampling = object_member(capabilities, "sampling")
    roots = object_member(capabilities, "roots")
    return Abilities(
        form=elicitation is not None and (_has(elicitation, "form") or not _has(elicitation, "url")),
        url=_has(elicitation, "url"),
        sampling=sampling is not None,
        sampling_tools=_has(sampling, "tools"),
        sampling_context=_has(sampling, "context"),
        roots=roots is not None,
        roots_changes=roots is not None and bytes(roots.get("listChanged", b"")) == b"true",
    )


def _declared(raw: bytes) -> tuple[Params, Abilities]:
    if raw == b"null":
        return {}, NONE
    capabilities = without_nulls(decode_object(raw))
    return capabilities, abilities_of(capabilities) if capabilities else NONE


_remembered: Final = lru_cache(maxsize=REMEMBERED)(_declared)


def read_declared(raw: bytes) -> tuple[Params, Abilities]:
    """The members of a raw `ClientCapabilities` object that are not null, and the abilities that they declare.

    What is not long is remembered, and the members shared: they must not be changed.

    Raises:
        msgspec.DecodeError: it is no object.
    """
    return (_remembered if len(raw) <= REMEMBERED_BYTES else _declared)(raw)


def _has(declared: Params | None, name: str) -> bool:
    """Whether a capability has this part; some libraries write null for what is not there."""
    return declared is not None and name in declared and declared[name] != _NULL


def _mode(params: Params) -> str:
    mode = string_member(params, "mode")
    return "form" if mode is None else mode
