"""What a container may reach: which names and ports, and whether those may lead to private addresses."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio.config.model.container import NetworkMode

USUAL_PORTS: Final = (80, 443)
"""The ports that each name has inside, whatever is configured."""


@attrs.frozen(kw_only=True)
class HostRule:
    """A name, or `*.` and a name for what is below it (not the name itself), and a port."""

    host: str
    port: int

    def covers(self, host: str, port: int) -> bool:
        """Whether it speaks of that name and port; names are compared in lower case, without a last dot."""
        if port != self.port:
            return False
        plain = host.lower().rstrip(".")
        return plain.endswith(self.host[1:]) if self.host.startswith("*.") else plain == self.host

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@attrs.frozen(kw_only=True)
class NetworkPolicy:
    """The policy of one container."""

    mode: NetworkMode = "public"
    allow: tuple[HostRule, ...] = ()
    """What may be reached in mode `allow`."""
    services: tuple[HostRule, ...] = ()
    """What may be reached in every mode but `none` and `bridge`, at whatever address."""

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that names have inside."""
        named = {rule.port for rule in (*self.allow, *self.services)}
        return tuple(sorted(named.union(USUAL_PORTS)))

    def __str__(self) -> str:
        hosts = [str(rule) for rule in (*self.allow, *self.services)]
        return ", ".join(hosts if self.mode == "allow" else (self.mode, *hosts))
