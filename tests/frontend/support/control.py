"""A fake of what changes the running gateway: it notes what it was asked for, and answers what it was made with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import attrs
import trio

from argus_trio.core.control import Action, ChangedSince, ChangeReport, Checked, FileDifference, NoFile
from argus_trio.core.reload_report import AppliedConfig, ReloadReport

APPLIED = AppliedConfig(
    generation=4,
    added=("a",),
    removed=("b",),
    changed=("c",),
    adjusted=("d",),
    untouched=("e",),
    not_ready=("a", "c"),
    still_starting=("a",),
)
DONE = ReloadReport(
    at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    duration=1.23456,
    triggers=("request",),
    applied=APPLIED,
    is_applied=True,
    needs_restart=("server.port",),
)


@attrs.define(eq=False)
class FakeControl:
    """Reloads to what it was made with; makes every change, or raises `refusal`."""

    report: ReloadReport | None = DONE
    last: ReloadReport = DONE
    generation: int = 4
    count: int = 0
    by: list[str] = attrs.field(factory=list)
    """The names of those who asked, in order."""
    changes: list[tuple[str, Action]] = attrs.field(factory=list)
    refusal: Exception | None = None
    error: str | None = None
    """Why a backend is not up after a change."""
    versions: dict[str, str] = attrs.field(factory=lambda: {"files": "3f2a.7"})
    checked: Checked = attrs.field(factory=Checked)
    differs: FileDifference = attrs.field(factory=FileDifference)
    texts: list[str | None] = attrs.field(factory=list)
    stopped: trio.Event = attrs.field(factory=trio.Event)
    drain: float | None = None

    async def reload(self, *, by: str) -> ReloadReport:
        if self.report is None:
            raise NoFile("there is none")
        self.count += 1
        self.by.append(by)
        self.last = self.report
        return self.report

    async def change(
        self, name: str, action: Action, *, by: str, fits: Callable[[str], bool] | None = None
    ) -> ChangeReport:
        if self.refusal is not None:
            raise self.refusal
        if fits is not None and not fits(self.versions[name]):
            raise ChangedSince("it was changed")
        self.changes.append((name, action))
        self.by.append(by)
        return ChangeReport(
            backend=name,
            action=action,
            is_done=self.error is None,
            is_changed=True,
            by=by,
            at=1_800_000_000.0,
            duration=0.25,
            version=self.versions[name],
            error=self.error,
        )

    def version(self, name: str) -> str | None:
        return self.versions.get(name)

    async def difference(self) -> FileDifference:
        if self.report is None:
            raise NoFile("there is none")
        return self.differs

    async def check(self, text: str | None) -> Checked:
        if text is None and self.report is None:
            raise NoFile("there is none")
        self.texts.append(text)
        return self.checked

    def drain_seconds(self, asked: float | None) -> float:
        return 30.0 if asked is None else asked

    def stop(self, *, by: str, drain_seconds: float) -> None:
        self.by.append(by)
        self.drain = drain_seconds
        self.stopped.set()
