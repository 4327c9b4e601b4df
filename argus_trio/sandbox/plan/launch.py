"""What a container is started with: one value, for servers and for installations. Secrets travel to the shim alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.sandbox.plan.network import NetworkPolicy
from argus_trio.sandbox.plan.outcome import HOME_TARGET, Mount, ResourceLimits, ShimKind

INSTANCE_LABEL: Final = "argus-trio.instance"
"""The label of a container that tells which gateway started it."""
BACKEND_LABEL: Final = "argus-trio.backend"


@attrs.frozen(kw_only=True)
class Launch(Value):
    """One container to be."""

    backend: str
    """For its name, its labels and the log."""
    image: str
    """The id or reference of an image that is there."""
    shim: ShimKind | None
    """What runs the shim; None where the image has no interpreter: then the engine carries the streams."""
    argv: tuple[str, ...] = attrs.field(repr=False)
    uses_entrypoint: bool = False
    env: Mapping[str, str] = attrs.field(default=MappingProxyType({}), repr=False)
    cwd: str | None = None
    user: str
    """UID:GID."""
    groups: tuple[int, ...] = ()
    names_user: bool = False
    """Whether its /etc/passwd and /etc/group are the gateway's, which know `user`, and not those of the image."""
    home: Path | None = None
    """The folder of this machine that is its home; None: an empty one in memory."""
    home_target: str = HOME_TARGET
    mounts: tuple[Mount, ...] = ()
    network: NetworkPolicy
    limits: ResourceLimits
    is_read_only: bool = True
    """Whether its root is; an installation writes there."""
    lacks: tuple[str, ...] = ()
    """What its server may fail of: sentences."""
    keeps_container: bool = False
    """Whether it stays when it has ended, so that it can be committed; its owner removes it."""
