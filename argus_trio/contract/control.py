"""What changes the running gateway. The configuration is a file and is never written here."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.operation import NoBody, Operation, Timestamp
from argus_trio.core.control import Action
from argus_trio.core.health.health import ShownState


@attrs.frozen(kw_only=True)
class ProblemEntry(Value):
    """What is wrong, or worth knowing, at one place of the file."""

    path: str
    message: str
    hint: str | None
    line: int | None


@attrs.frozen(kw_only=True)
class ReloadAnswer(Value):
    """The report of a reload. The first five members are those of the original Argus."""

    reloaded: bool
    backends_added: tuple[str, ...]
    backends_removed: tuple[str, ...]
    backends_changed: tuple[str, ...]
    errors: tuple[str, ...]
    backends_adjusted: tuple[str, ...]
    backends_untouched: tuple[str, ...]
    not_ready: tuple[str, ...]
    still_starting: tuple[str, ...]
    unchanged: bool
    needs_restart: tuple[str, ...]
    generation: int
    problems: tuple[ProblemEntry, ...]
    triggers: tuple[str, ...]
    at: Timestamp
    duration_seconds: float


@attrs.frozen(kw_only=True)
class ValidateRequest(Value):
    """What is to be checked."""

    text: str | None = None
    """A configuration; without it the file on disk is read."""


@attrs.frozen(kw_only=True)
class ValidateAnswer(Value):
    """What `argus-trio check` would say. Nothing is changed."""

    valid: bool
    errors: tuple[str, ...]
    problems: tuple[ProblemEntry, ...]
    warnings: tuple[ProblemEntry, ...]
    backends: tuple[str, ...]


@attrs.frozen(kw_only=True)
class DifferenceEntry(Value):
    """One place where the file and the configuration in effect differ."""

    path: str
    """As problems of the file have it, such as `backends.files.args` or `middleware[0].use`."""
    kind: Literal["added", "removed", "changed"]
    """What a reload would do: what only the file has is added."""
    file: object
    """What the file says there, masked as `GET /config` is: a secret that has changed looks the same on both sides.
    Null where it says nothing."""
    running: object
    """What is in effect, masked as well."""


@attrs.frozen(kw_only=True)
class DifferenceAnswer(Value):
    """How what the file says now differs from the configuration in effect. What operators hold is no difference."""

    file_path: str | None
    is_same: bool
    """False as well where the file cannot be loaded."""
    entries: tuple[DifferenceEntry, ...]
    more: int
    """How many other places are left out."""
    problems: tuple[ProblemEntry, ...]
    """Everything that is wrong with the file; then nothing is known of the difference."""


@attrs.frozen(kw_only=True)
class ChangeAnswer(Value):
    """What a change of one backend came to."""

    name: str
    action: Action
    ok: bool
    """Whether the change was made; after a restart also whether the backend is up."""
    changed: bool
    """False where it was so already."""
    state: ShownState
    error: str | None
    by: str
    at: Timestamp
    duration_seconds: float


@attrs.frozen(kw_only=True)
class ShutdownRequest(Value):
    """How the gateway is to stop."""

    timeout_seconds: Annotated[float, msgspec.Meta(ge=0, le=300)] | None = None
    """What calls in flight get to finish; without it server.drain_timeout."""


@attrs.frozen(kw_only=True)
class ShutdownAnswer(Value):
    """It is stopping."""

    shutting_down: bool
    timeout_seconds: float


LAST_RELOAD: Final = Operation(
    method="GET", path="/reload", summary="The report of the latest reload, or of the start", answer=ReloadAnswer
)
RELOAD: Final = Operation(
    method="POST",
    path="/reload",
    summary="Read the configuration file again",
    right="operate",
    body=NoBody,
    answer=ReloadAnswer,
    statuses=(200, 422, 500, 503),
    problems=("no-file",),
)
VALIDATE: Final = Operation(
    method="POST",
    path="/config/validate",
    summary="Check a configuration, or the file on disk",
    right="operate",
    body=ValidateRequest,
    answer=ValidateAnswer,
    problems=("no-file",),
)


DIFFERENCE: Final = Operation(
    method="GET",
    path="/config/difference",
    summary="What a reload would change: the file against the configuration in effect",
    answer=DifferenceAnswer,
    problems=("no-file",),
)


def change_of(action: Action, summary: str) -> Operation:
    """The operation that does this to one backend."""
    return Operation(
        method="POST",
        path=f"/backends/{{name}}/{action}",
        summary=summary,
        right="operate",
        body=NoBody,
        answer=ChangeAnswer,
        has_etag=True,
        problems=("unknown-backend", "changed-since", "backend-disabled", "overloaded"),
    )


CHANGES: Final = {
    "restart": change_of("restart", "Connect anew beside the old connection, which takes over when it is ready"),
    "drain": change_of("drain", "Let calls in flight end and take no new ones, until enable"),
    "enable": change_of("enable", "Undo drain or disable"),
    "disable": change_of("disable", "Take it out as enabled: false would, until enable or its entry changes"),
}
SHUTDOWN: Final = Operation(
    method="POST",
    path="/shutdown",
    summary="Stop the gateway: it drains and exits with status 0",
    right="admin",
    body=ShutdownRequest,
    answer=ShutdownAnswer,
)
