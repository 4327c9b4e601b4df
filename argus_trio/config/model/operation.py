"""How a backend is operated: its deadlines, how it is watched and tried again, how much it is given to do."""

from __future__ import annotations

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about


@attrs.frozen(kw_only=True)
class Timeouts(Value):
    """Deadlines of one backend, in seconds."""

    connect: float = attrs.field(
        default=30.0, metadata=about("seconds to open the link, greet and list", minimum=0.001)
    )
    prepare: float = attrs.field(
        default=600.0,
        metadata=about(
            "seconds for what a program does before its first message, such as an installation", minimum=0.001
        ),
    )
    call: float = attrs.field(default=120.0, metadata=about("seconds for one call; progress extends it", minimum=0.001))
    call_max: float = attrs.field(
        default=3600.0, metadata=about("seconds that progress can extend a call to at most", minimum=0.001)
    )
    idle: float = attrs.field(
        default=600.0, metadata=about("seconds until an unused per-client connection closes", minimum=0.001)
    )


@attrs.frozen(kw_only=True)
class Restart(Value):
    """When a backend that was lost is tried again; in seconds, where it is not a count."""

    initial: float = attrs.field(
        default=1.0,
        metadata=about(
            "seconds that the first wait is at most; it doubles with each failed attempt in a row", minimum=0.001
        ),
    )
    max: float = attrs.field(default=30.0, metadata=about("seconds that a wait grows to at most", minimum=0.001))
    stable_after: float = attrs.field(
        default=30.0,
        metadata=about("seconds that it must have been ready for the failures before to be forgotten", minimum=0),
    )
    breaker: int = attrs.field(
        default=8, metadata=about("failed attempts in a row after which it is tried only every cooldown", minimum=1)
    )
    cooldown: float = attrs.field(
        default=60.0,
        metadata=about("seconds between attempts while the breaker is open; not less than max", minimum=0.001),
    )


@attrs.frozen(kw_only=True)
class Probing(Value):
    """How a backend that is ready is watched; in seconds, where it is not a count."""

    interval: float = attrs.field(default=30.0, metadata=about("seconds of silence until it is probed", minimum=0.001))
    timeout: float = attrs.field(
        default=10.0,
        metadata=about(
            "seconds that the answer to a probe may take; until one comes, one is sent each timeout", minimum=0.001
        ),
    )
    slow: float = attrs.field(
        default=2.0,
        metadata=about("seconds; an answer that takes longer makes it degraded; not more than timeout", minimum=0.001),
    )
    failures: int = attrs.field(
        default=3,
        metadata=about("unanswered probes in a row after which the connection is lost, its process ended", minimum=1),
    )
    relist: float | None = attrs.field(
        default=None,
        metadata=about(
            "seconds between two looks at its lists where changes cannot be heard of; default: five times interval",
            minimum=0.001,
        ),
    )

    @property
    def relist_seconds(self) -> float:
        """How long the lists of a backend that says nothing of changes are taken to be true."""
        return 5 * self.interval if self.relist is None else self.relist


@attrs.frozen(kw_only=True)
class Bounds(Value):
    """How much one backend is given to do at once, and how much it may say at once."""

    concurrency: int = attrs.field(default=100, metadata=about("calls under way at once; more wait", minimum=1))
    queue: int = attrs.field(default=400, metadata=about("calls that may wait; more are refused at once", minimum=0))
    message: int = attrs.field(
        default=64 * 1024 * 1024,
        metadata=about("the largest message it may send, in bytes; a larger one fails its call alone", minimum=1024),
    )
