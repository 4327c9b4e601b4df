"""The principal: who asks, by the name that limits, policies, ownership and records go by."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value


@attrs.frozen(kw_only=True)
class Principal(Value):
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

OPERATOR_ROLE: Final = "argus:operator"
"""The role of the operator, which no rule binds. No file and no token gives it: see `Gate`."""
OPERATOR_METHOD: Final = "management"
"""How the operator comes in: by `server.management`, and to the management API alone."""

OPERATOR: Final = "operator"

RESERVED_NAMES: Final = frozenset({"anonymous", OPERATOR})
"""The names that no credential may stand for."""


def operator(credential: bytes = b"") -> Principal:
    """The operator, who may do everything; `credential` is the digest of the token, where one was brought."""
    roles = frozenset({OPERATOR_ROLE})
    return Principal(name=OPERATOR, roles=roles, method=OPERATOR_METHOD, credential=credential)
