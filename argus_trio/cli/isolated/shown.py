"""Plans as people and programs are shown them. Secrets are hidden by who writes it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.cli.isolated.images import ImageState
from argus_trio.cli.isolated.plans import OFF, counts_of
from argus_trio.config.model.container import IsolationSetting
from argus_trio.core.health.health import PlanWord
from argus_trio.core.redaction import Redactor
from argus_trio.manage_client.clean import clean, one_line, wrapped
from argus_trio.manage_client.outline import tree_lines
from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.plan.outcome import Contained
from argus_trio.sandbox.plan.shown import shown
from argus_trio.sandbox.rooms import BackendPlan
from argus_trio.verbs.show.table import Cell, write_table
from argus_trio.verbs.show.terminal import Terminal

_COLOURS: Final[Mapping[PlanWord, str]] = {"contained": "green", "bare": "yellow", "refused": "red"}
_HEAD: Final = ("NAME", "PLAN", "IMAGE", "NETWORK", "WHY")
_SPARE: Final = ("NETWORK", "IMAGE")
"""What is left out where there is nothing in it, or no room."""
_FACT_COLUMNS: Final = 10


@attrs.frozen(kw_only=True)
class FoundPlans(Value):
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
    engines = [each for each in found.engines if each != OFF] or found.engines
    for each in engines:
        _write_fact(terminal, "engine", redact(_engine_line(each)))
    _write_fact(terminal, "isolation", found.setting)
    terminal.line("")
    if is_one:
        for line in tree_lines(_packages_last(found.entry(found.planned[0]))):
            terminal.line(clean(redact(line)))
        return
    rows: list[Sequence[str | Cell]] = [_row(found, each, redact) for each in found.planned]
    none = "the configuration has no stdio backends that are enabled"
    shown_columns = [at for at, name in enumerate(_HEAD) if name not in _SPARE or any(row[at] for row in rows)]
    head, rows = [_HEAD[at] for at in shown_columns], [[row[at] for at in shown_columns] for row in rows]
    write_table(terminal, head, rows, none=none, spare=[name for name in _SPARE if name in head], is_whole=True)


def _write_fact(terminal: Terminal, name: str, text: str) -> None:
    """Write what is known in lines that fit."""
    text = one_line(text)
    lines = [text] if terminal.width is None else wrapped(text, terminal.width - _FACT_COLUMNS)
    for at, line in enumerate(lines):
        terminal.line(("" if at else name).ljust(_FACT_COLUMNS) + line)


def _packages_last(entry: dict[str, object]) -> dict[str, object]:
    """An entry with its packages at the end, for there may be hundreds."""
    state = entry.get("state_of_image")
    if not isinstance(state, dict):
        return entry
    packages = state["packages"]
    return entry | {"state_of_image": {**state, "packages": len(packages)}, "packages": packages}


def _row(found: FoundPlans, planned: BackendPlan, redact: Redactor) -> tuple[str | Cell, ...]:
    isolation, state = shown(planned.plan, planned.found), found.images.get(planned.spec.name)
    image, why = isolation.image or "", isolation.why
    if state is not None and state.id is None:
        # Before it, for at a narrow terminal its end is cut.
        image = f"to be {image}" if image.startswith(f"{state.how} ") else f"to be {state.how}: {image}"
        why = "; ".join(filter(None, (state.why, why)))
    elif isinstance(planned.found, NoEngine) and planned.found != OFF and isolation.plan == "bare":
        why = "there is no engine, as said above"
    told = (image, isolation.network or "", why)
    return planned.spec.name, Cell(isolation.plan, _COLOURS[isolation.plan]), *map(redact, told)


def _engine_line(found: EngineFound) -> str:
    if isinstance(found, NoEngine):
        return f"not looked for: {OFF.why}" if found == OFF else f"none: {found.why}; {found.way_out}"
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
