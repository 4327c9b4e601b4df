"""What the file says once for all backends: a backend has these keys too, and what it says itself wins."""

from __future__ import annotations

from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about
from argus_trio.config.model.container import Container
from argus_trio.config.model.operation import Bounds, Probing, Restart, Timeouts
from argus_trio.core.call.session_policy import SessionSetting


@attrs.frozen(kw_only=True)
class Defaults(Value):
    """What holds for each backend that does not say otherwise."""

    timeouts: Timeouts = attrs.field(default=Timeouts(), metadata=about("deadlines in seconds"))
    restart: Restart = attrs.field(default=Restart(), metadata=about("when a backend that was lost is tried again"))
    health: Probing = attrs.field(default=Probing(), metadata=about("how a backend is watched while it is ready"))
    limits: Bounds = attrs.field(default=Bounds(), metadata=about("how much a backend is given to do at once"))
    container: Container = attrs.field(default=Container(), metadata=about("how stdio backends are isolated"))
    session: SessionSetting = attrs.field(
        default="auto",
        metadata=about("whether clients share one connection: auto gives a client its own when it can be asked"),
    )
    env_from: tuple[str, ...] = attrs.field(
        default=(),
        metadata=about(
            "names or globs of the gateway's own variables for every stdio backend, besides its own env_from"
        ),
    )


SECTIONS: Final = ("timeouts", "restart", "health", "limits")
"""The keys of `Defaults` that are mappings: a backend's keys win one by one."""
