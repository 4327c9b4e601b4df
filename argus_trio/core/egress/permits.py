"""What a user writes so that a container is let out as it was seen to go: of the rows, and of one refusal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.core.egress.attempts import EgressRow, EgressTarget
from argus_trio.core.egress.reasons import HELPED_BY_ALLOW, HELPED_BY_SERVICES, EgressReason

_MOST_IN_A_LINE: Final = 10
"""How many entries a line is written out with; with more it says what to add."""


@attrs.frozen(kw_only=True)
class EgressPermits(Value):
    """Entries of the two lists of the file."""

    allow: tuple[str, ...] = ()
    """Of container.network.allow."""
    host_services: tuple[str, ...] = ()
    """Of container.host_services."""


def permits_of_passed(rows: Iterable[EgressRow]) -> EgressPermits:
    """What covers all that was let through to the backend itself."""
    passed = [(row.target, row.passed_by) for row in rows if row.passed]
    return EgressPermits(
        allow=_entries(target for target, by in passed if by != "service"),
        host_services=_entries(target for target, by in passed if by == "service"),
    )


def permits_of_refused(rows: Iterable[EgressRow]) -> EgressPermits:
    """What would cover all else that was refused and can be let through."""
    refused = [(row.target, row.reason) for row in rows if not row.passed]
    return EgressPermits(
        allow=_entries(target for target, reason in refused if reason in HELPED_BY_ALLOW),
        host_services=_entries(target for target, reason in refused if reason in HELPED_BY_SERVICES),
    )


def line_to_write(
    reason: EgressReason, target: EgressTarget, *, allow: Sequence[str] = (), host_services: Sequence[str] = ()
) -> str:
    """The line that lets `target` through, with what stands there now; empty where none does."""
    if target.is_installation:
        return ""
    if reason in HELPED_BY_ALLOW:
        before, key, around = allow, "container.network.allow", "container: {{network: {{allow: [{}]}}}}"
    elif reason in HELPED_BY_SERVICES:
        before, key, around = host_services, "container.host_services", "container: {{host_services: [{}]}}"
    else:
        return ""
    if len(before) >= _MOST_IN_A_LINE:
        return f'"{target}" in {key}'
    return around.format(", ".join(f'"{each}"' for each in dict.fromkeys((*before, str(target)))))


def _entries(targets: Iterable[EgressTarget | None]) -> tuple[str, ...]:
    return tuple(str(each) for each in targets if each is not None and not each.is_installation)
