"""How the backends of one gateway are isolated, and what is told of it: all at the start, then what changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs
import structlog

from argus_trio import Value
from argus_trio.config.model.container import IsolationSetting
from argus_trio.core.health.health import PlanWord
from argus_trio.core.journal import Journal, Severity
from argus_trio.sandbox.engine.facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.plan.outcome import Bare, Contained, Plan, Refused

log = structlog.get_logger()

MOST_NAMED: Final = 20
"""How many backends one line names with the reason of each; `argus-trio isolation` shows all of them."""


@attrs.frozen(kw_only=True)
class Standing(Value):
    """How one backend is isolated, as far as that is told."""

    word: PlanWord
    why: str
    """Of one that is contained: what its user should know."""
    setting: IsolationSetting

    @classmethod
    def of(cls, plan: Plan, setting: IsolationSetting) -> Standing:
        """That of a backend with this plan."""
        match plan:
            case Contained(notes=notes):
                return cls(word="contained", why="; ".join(notes), setting=setting)
            case Bare(why=why):
                return cls(word="bare", why=why, setting=setting)
            case Refused(why=why):
                return cls(word="refused", why=why, setting=setting)

    @property
    def is_worth_a_warning(self) -> bool:
        """Whether it runs otherwise than the one who configured it may think."""
        return self.word == "refused" or (self.word == "bare" and self.setting != "off")


@attrs.define(eq=False, repr=False)
class Standings:
    """What was told of each backend."""

    journal: Journal
    _told: dict[str, Standing] = attrs.field(factory=dict, init=False)
    _has_begun: bool = attrs.field(default=False, init=False)
    """Whether all have been told together; before that nobody is told of alone."""

    def tell_all(self, standings: Mapping[str, Standing], found: EngineFound) -> None:
        """Tell of these what has not been told; they are all there are."""
        self._has_begun = True
        news = {name: standing for name, standing in standings.items() if self._told.get(name) != standing}
        self._told = dict(standings)
        if news:
            self._tell(news, found)

    def tell_other(self, name: str, standing: Standing, found: EngineFound) -> None:
        """Tell of one that starts, if it was told to be isolated in another way."""
        if self._has_begun and self._told.get(name) != standing:
            self._told[name] = standing
            self._tell({name: standing}, found)

    def tell_engine_came(self, engine: EngineFacts, bare: Iterable[str]) -> None:
        """Tell that an engine answers that did not before, and who runs bare all the same."""
        names = list(bare)
        log.warning("isolation_engine_came", engine=str(engine), bare=names, hint="a restart of each contains it")
        said = f"{engine} answers now; {', '.join(names)} stay bare until they are restarted"
        details = {"engine": str(engine), "bare": names}
        self.journal.note("isolation", said, severity="warning", details=details)

    def _tell(self, standings: Mapping[str, Standing], found: EngineFound) -> None:
        facts = facts_of(standings, found)
        if len(standings) < len(self._told):  # what is counted here is not all there is
            facts = {"changed": list(standings)[:MOST_NAMED], **facts}
        is_warning = any(standing.is_worth_a_warning for standing in standings.values())
        report = log.warning if is_warning else log.info
        report("isolation", **facts)
        severity: Severity = "warning" if is_warning else "info"
        self.journal.note("isolation", said_of(standings, found), severity=severity, details=facts)


def facts_of(standings: Mapping[str, Standing], found: EngineFound) -> dict[str, object]:
    """What the log and the journal say of these backends: how many of each, and why those that are not contained."""
    facts: dict[str, object] = {"engine": str(found) if isinstance(found, EngineFacts) else None}
    if not isinstance(found, EngineFacts):
        facts["why"] = found.why
        if any(standing.is_worth_a_warning for standing in standings.values()):
            facts["hint"] = found.way_out
    words: tuple[PlanWord, ...] = ("contained", "bare", "refused")
    facts |= {word: sum(1 for each in standings.values() if each.word == word) for word in words}
    for word in words:
        those = [name for name, standing in standings.items() if standing.word == word and standing.why]
        if isinstance(found, NoEngine):  # that is told once, and not of each
            those = [name for name in those if found.why not in standings[name].why]
        if those:
            facts[f"{word}_notes" if word == "contained" else f"{word}_because"] = {
                name: standings[name].why for name in those[:MOST_NAMED]
            }
    return facts


def said_of(standings: Mapping[str, Standing], found: EngineFound) -> str:
    """The same in one sentence, without the reasons."""
    words: tuple[PlanWord, ...] = ("contained", "bare", "refused")
    counts = {word: sum(1 for each in standings.values() if each.word == word) for word in words}
    shown = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    engine = str(found) if isinstance(found, EngineFacts) else f"no container engine: {found.why}"
    return f"of {len(standings)} stdio backends {shown}; {engine}"
