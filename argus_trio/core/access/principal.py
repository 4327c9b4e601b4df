"""The principal: who asks, by the name that limits, policies, ownership and records go by."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Principal:
    """Who asks. Whatever lasts belongs to `name` alone: the other values may differ from one request to the next."""

    name: str
    """Static names hold no slash; a token's is `<issuer host>/<claim>`."""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    """What its token is good for (RFC 6749, 3.3); None where credentials have no scopes."""
    method: str = ""
    """The type of the authentication method that named it; empty where nobody did."""
    credential: bytes = attrs.field(default=b"", eq=False, repr=False)
    """The digest of its credential, where that stands in the file: what it opened ends when it is taken out."""
    expires: float | None = None
    """When its credential ends, in seconds of Unix time; None where it does not."""


ANONYMOUS: Final = Principal(name="anonymous")
"""The principal of a client that has not authenticated."""

RESERVED_NAMES: Final = frozenset({"anonymous", "operator"})
"""The names that no credential may stand for."""
