"""How the backends of one gateway are isolated, as values and in words; what is told of it and when is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

import attrs

from argus_trio.config.model.container import IsolationSetting
from argus_trio.core.health.health import Isolation, PlanWord
from argus_trio.core.journal import Severity
from argus_trio.sandbox.plan.outcome import (
    Bare,
    Contained,
    DockerfileImage,
    GivenImage,
    ImagePlan,
    InstalledImage,
    Plan,
    Refused,
)

MOST_NAMED: Final = 20
"""How many backends one line names with the reason of each; `argus-trio isolation` shows all of them."""


@attrs.frozen(kw_only=True)
class Standing:
    """How one backend is isolated, as far as that is told."""

    word: PlanWord
    why: str
    setting: IsolationSetting

    @property
    def is_worth_a_warning(self) -> bool:
        """Whether it runs otherwise than the one who configured it may think."""
        return self.word == "refused" or (self.word == "bare" and self.setting != "off")


@attrs.frozen(kw_only=True)
class Told:
    """One line about the isolation of some backends, and one event."""

    message: str
    facts: Mapping[str, object]
    severity: Severity


def standing_of(plan: Plan, setting: IsolationSetting) -> Standing:
    """What is told of a backend with this plan."""
    match plan:
        case Contained():
            return Standing(word="contained", why="", setting=setting)
        case Bare(why=why):
            return Standing(word="bare", why=why, setting=setting)
        case Refused(why=why):
            return Standing(word="refused", why=why, setting=setting)
    assert_never(plan)


def told_of(standings: Mapping[str, Standing], engine: str | None, why_none: str) -> Told:
    """What is said of these backends; `engine` is the one that answers, or `why_none` says why there is none."""
    by_word: dict[PlanWord, dict[str, Standing]] = {"contained": {}, "bare": {}, "refused": {}}
    for name, standing in standings.items():
        by_word[standing.word][name] = standing
    facts: dict[str, object] = {"engine": engine}
    if engine is None and why_none:
        facts["why"] = why_none
    facts |= {word: len(those) for word, those in by_word.items()}
    for word in ("bare", "refused"):
        those = by_word[word]
        if those:
            facts[f"{word}_because"] = {name: those[name].why for name in list(those)[:MOST_NAMED]}
    counts = ", ".join(f"{len(those)} {word}" for word, those in by_word.items() if those)
    found = engine or (f"no container engine ({why_none})" if why_none else "no container engine is used")
    return Told(
        message=f"stdio backends: {counts}; {found}",
        facts=facts,
        severity="warning" if any(standing.is_worth_a_warning for standing in standings.values()) else "info",
    )


def isolation_of(plan: Plan, *, engine: str | None, rootless: bool | None, digest: str | None) -> Isolation:
    """The isolation of a backend as it is shown; `digest` is the id of its image, if that is there."""
    match plan:
        case Bare(why=why):
            return Isolation(plan="bare", why=why, engine=engine, rootless=rootless)
        case Refused(why=why):
            return Isolation(plan="refused", why=why, engine=engine, rootless=rootless)
        case Contained():
            return Isolation(
                plan="contained",
                why="; ".join(plan.notes),
                engine=engine,
                rootless=rootless,
                image=_image_name(plan.image),
                digest=digest,
                network=str(plan.network),
                mounts=tuple(map(str, plan.mounts)),
            )
    assert_never(plan)


def _image_name(image: ImagePlan) -> str:
    match image:
        case InstalledImage():
            return image.base
        case GivenImage():
            return image.reference
        case DockerfileImage():
            return str(image.dockerfile)
    assert_never(image)
