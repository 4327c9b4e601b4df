"""Plans as people and programs are shown them. Secrets are hidden by who writes it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from argus_trio.cli.isolated.images import ImageState
from argus_trio.cli.isolated.plans import counts_of
from argus_trio.config.model.container import IsolationSetting
from argus_trio.core.health.health import PlanWord
from argus_trio.core.redaction import Redactor
from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.plan.outcome import Contained
from argus_trio.sandbox.plan.shown import shown
from argus_trio.sandbox.rooms import BackendPlan
from argus_trio.verbs.show.clean import clean, one_line
from argus_trio.verbs.show.table import Cell, write_table
from argus_trio.verbs.show.terminal import Terminal
from argus_trio.verbs.show.tree import tree_lines

_COLOURS: Final[Mapping[PlanWord, str]] = {"contained": "green", "bare": "yellow", "refused": "red"}
_HEAD: Final = ("NAME", "PLAN", "IMAGE", "NETWORK", "WHY")
_SPARE: Final = ("NETWORK", "IMAGE")


@attrs.frozen(kw_only=True)
class FoundPlans:
    """What was found out about the backends of a file."""

    setting: IsolationSetting
    planned: Sequence[BackendPlan]
    images: Mapping[str, ImageState]
    """By backend, of those that would be contained."""

    @property
    def engines(self) -> tuple[EngineFound, ...]:
        """The engines that were found, or why there is none, each once."""
        return tuple(dict.fromkeys(each.found for each in self.planned))

    @property
    def has_refused(self) -> bool:
        """Whether one of them would not run."""
        return counts_of(self.planned)["refused"] > 0

    def answer(self) -> Mapping[str, object]:
        """All of it, as JSON has it."""
        return {
            "setting": self.setting,
            "engines": [_engine(each) for each in self.engines if isinstance(each, EngineFacts)],
            "why": [each.why for each in self.engines if isinstance(each, NoEngine)],
            "plans": counts_of(self.planned),
            "backends": [self.entry(each) for each in self.planned],
        }

    def entry(self, planned: BackendPlan) -> dict[str, object]:
        """All that is decided of one backend."""
        plan, state = planned.plan, self.images.get(planned.spec.name)
        digest = None if state is None else state.id
        entry: dict[str, object] = {"name": planned.spec.name, **attrs.asdict(shown(plan, planned.found, digest))}
        if not isinstance(plan, Contained):
            return entry
        return entry | {
            "state_of_image": None if state is None else _state(state),
            "runs": list(plan.argv),
            "cwd": plan.cwd,
            "variables": sorted(plan.env),
            "home": None if plan.home is None else str(plan.home),
            "user": plan.user,
            "groups": list(plan.groups),
            "limits": attrs.asdict(plan.limits),
            "ports": list(plan.network.ports),
            "settings": None if state is None else state.settings,
        }


def write_plans(found: FoundPlans, terminal: Terminal, redact: Redactor, *, is_one: bool) -> None:
    """Write what was found for people: a table, or all of the only one."""
    for each in found.engines:
        terminal.line(f"engine    {one_line(redact(_engine_line(each)))}")
    terminal.line(f"isolation {found.setting}")
    terminal.line("")
    if is_one:
        for line in tree_lines(found.entry(found.planned[0])):
            terminal.line(clean(redact(line)))
        return
    rows = [_row(found, each, redact) for each in found.planned]
    none = "the configuration has no stdio backends that are enabled"
    write_table(terminal, _HEAD, rows, none=none, spare=_SPARE, is_whole=True)


def _row(found: FoundPlans, planned: BackendPlan, redact: Redactor) -> tuple[str | Cell, ...]:
    isolation, state = shown(planned.plan, planned.found), found.images.get(planned.spec.name)
    image = isolation.image or ""
    if state is not None and state.id is None:
        image += f" ({state.why or f'not there yet: {state.how} first'})"
    told = (image, isolation.network or "", isolation.why)
    return planned.spec.name, Cell(isolation.plan, _COLOURS[isolation.plan]), *map(redact, told)


def _engine_line(found: EngineFound) -> str:
    if isinstance(found, NoEngine):
        return f"none: {found.why}"
    return f"{found}, API {found.api_version}, at {found.socket}"


def _engine(facts: EngineFacts) -> Mapping[str, object]:
    return {
        "kind": facts.kind,
        "version": facts.version,
        "api_version": facts.api_version,
        "socket": str(facts.socket),
        "rootless": facts.rootless,
    }


def _state(state: ImageState) -> Mapping[str, object]:
    return {
        "name": state.name or None,
        "is_there": state.id is not None,
        "when_not_there": state.how,
        "interpreter": state.shim,
        "packages": dict(state.packages),
        "why": state.why or None,
    }
