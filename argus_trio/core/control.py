"""What operators decide about backends while the gateway runs: values, sans I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, get_args

import attrs

from argus_trio import Value
from argus_trio.errors import Problem

Action = Literal["restart", "drain", "enable", "disable"]
"""What can be done to a backend."""
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
Fits = Callable[[str], bool]
"""Whether a version of a backend is one that who asks has seen."""


@attrs.frozen(kw_only=True)
class Hold(Value):
    """A decision that lasts until `enable`, until the backend's own entry in the file changes, or the gateway ends."""

    kind: Literal["drain", "disable"]
    by: str
    """The name of the principal who decided."""
    at: float
    """When, in seconds of Unix time."""


@attrs.frozen(kw_only=True)
class ChangeReport(Value):
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
    version: str = ""
    """The version of the backend after it: what tells whether it was changed since."""
    error: str | None = None
    """Why the backend is not up after a restart."""


@attrs.frozen(kw_only=True)
class Checked(Value):
    """What a check of a configuration found, which changed nothing."""

    problems: tuple[Problem, ...] = ()
    """Everything that is wrong, in file order; empty where it could take effect."""
    warnings: tuple[Problem, ...] = ()
    backends: tuple[str, ...] = ()
    """The names of its backends; none where it cannot be read as a whole."""


@attrs.frozen(kw_only=True)
class Differing(Value):
    """One place where two configurations differ. Its values are masked as all that is shown of a configuration."""

    path: str
    kind: Literal["added", "removed", "changed"]
    """As a reload would have it: what the file alone has is added."""
    file: object = None
    running: object = None


@attrs.frozen(kw_only=True)
class FileDifference(Value):
    """How what a file says now differs from the configuration in effect, without what operators decided."""

    entries: tuple[Differing, ...] = ()
    more: int = 0
    """How many others are left out."""
    problems: tuple[Problem, ...] = ()
    """Everything that is wrong with the file; then nothing is known of the difference."""


class ChangedSince(Exception):
    """What the operator saw of the backend is not how it is: somebody changed it meanwhile."""


class BackendUnknown(Exception):
    """The configuration has no backend of this name."""


class ChangeRefused(Exception):
    """The change makes no sense for how the backend is; says why, and what to do."""


class NoFile(Exception):
    """There is no configuration file that could be read."""


class ChangesUnserved(Exception):
    """The change is not made now: the gateway stops, or too many wait; says which."""


class ChangeFailed(Exception):
    """A fault of the gateway itself; says under which id the log tells more."""
