"""What operators decide about backends while the gateway runs: values, sans I/O."""

from __future__ import annotations

from typing import Literal

import attrs

Action = Literal["restart", "drain", "enable", "disable"]
"""What can be done to a backend."""


@attrs.frozen(kw_only=True)
class Hold:
    """A decision that lasts until `enable`, until the backend's own entry in the file changes, or the gateway ends."""

    kind: Literal["drain", "disable"]
    by: str
    """The name of the principal who decided."""
    at: float
    """When, in seconds of Unix time."""


@attrs.frozen(kw_only=True)
class ChangeReport:
    """What came of one change."""

    backend: str
    action: Action
    is_done: bool
    """Whether it took effect; after a restart also whether the backend is up."""
    is_changed: bool
    """Whether anything is other than before."""
    by: str
    at: float
    """When it began, in seconds of Unix time."""
    duration: float
    error: str | None = None


class ChangedSince(Exception):
    """What the operator saw of the backend is not how it is: somebody changed it meanwhile."""


class BackendUnknown(Exception):
    """The configuration has no backend of this name."""
