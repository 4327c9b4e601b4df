"""Checks whether the deadlines, waits and probes of each backend make sense together, `defaults` included. No I/O.

Each rule is about two keys of one section. Either may stand at the backend, under `defaults` or nowhere. The report is
made where its reader has something to change: at the backend if one of the two stands there, else once at `defaults`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.model.config import Config
from argus_trio.config.model.operation import Probing, Restart, Timeouts
from argus_trio.config.read.findings import Findings
from argus_trio.config.read.key_path import KeyPath


@attrs.frozen(kw_only=True)
class _Rule(Value):
    """One key of a section is at most, or at least, what another key of it is."""

    section: str
    key: str
    limit: Literal["at most", "at least"] = "at most"
    other: str
    message: str

    def is_kept(self, backend: BackendSpec) -> bool:
        section = getattr(backend, self.section)
        value, other = getattr(section, self.key), getattr(section, self.other)
        return bool(value <= other if self.limit == "at most" else value >= other)

    def hint(self, absent: str) -> str:
        """What to write where the key `absent` of the two is not given."""
        default = getattr(_DEFAULTS[self.section], absent)
        is_too_low = (absent == self.other) == (self.limit == "at most")
        return f"{absent} is {default:g} if it is not given: {'raise' if is_too_low else 'lower'} it too"


_DEFAULTS: Final[Mapping[str, object]] = {"timeouts": Timeouts(), "restart": Restart(), "health": Probing()}
_RULES: Final = (
    _Rule(
        section="timeouts",
        key="call",
        other="call_max",
        message="more than call_max",
    ),
    _Rule(
        section="restart",
        key="initial",
        other="max",
        message="more than max",
    ),
    _Rule(
        section="restart",
        key="cooldown",
        limit="at least",
        other="max",
        message="less than max: what fails most would be tried more often than before",
    ),
    _Rule(
        section="health",
        key="slow",
        other="timeout",
        message="more than timeout: what takes that long counts as unanswered before",
    ),
)


def check_operation(config: Config, findings: Findings) -> None:
    """Report what does not make sense in how backends are operated; `config` has the defaults in each of them."""
    for name, backend in config.backends.items():
        for rule in _RULES:
            if not rule.is_kept(backend):
                _report(rule, ("backends", name), findings)


def _report(rule: _Rule, place: KeyPath, findings: Findings) -> None:
    at_backend, at_defaults = (*place, rule.section), ("defaults", rule.section)
    stands = {
        key: at_backend if (*at_backend, key) in findings.lines else at_defaults for key in (rule.key, rule.other)
    }
    absent = [key for key, at in stands.items() if (*at, key) not in findings.lines]
    hint = rule.hint(absent[0]) if absent else ""
    if len(set(stands.values())) == 2:  # each is right where it stands; who reads this sees one of them only
        inherited = next(key for key, where in stands.items() if where == at_defaults)
        if (*at_defaults, inherited) in findings.lines:
            hint = f"{inherited} comes from defaults: write both here, or change it there"
    where = at_backend if at_backend in stands.values() else at_defaults
    given = tuple((*each, key) for key, each in stands.items())
    findings.add((*where, rule.key), rule.message, hint, given=given)
