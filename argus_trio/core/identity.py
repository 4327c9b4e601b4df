"""What the gateway says of itself at `initialize` and `server/discover`: values only, no protocol shapes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs


@attrs.frozen(kw_only=True)
class Identity:
    """Who the gateway is to a client, at the moment it is asked."""

    version: str
    name: str = "argus-trio"
    title: str = "Argus"
    instructions: str | None = None
    capabilities: Mapping[str, object] = attrs.field(default=MappingProxyType({}))
    """JSON-encodable capabilities beside tools, prompts and resources, by name."""
