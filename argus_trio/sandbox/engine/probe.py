"""Looks for an engine: with our own HTTP over Unix sockets, all candidates at once, for the whole process.

When it is looked for again is decided elsewhere (`look.py`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Final, Literal

import attrs
import trio

from argus_trio import Value
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.candidates import EngineCandidate, OddCandidate, candidates
from argus_trio.sandbox.engine.facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.engine.failure import way_in
from argus_trio.sandbox.engine.introduction import EngineSilent, introduce, is_engine

_NOBODY: Final[Mapping[str, str]] = {
    "auto": "neither Docker nor Podman answers",
    "docker": "Docker does not answer",
    "podman": "Podman does not answer",
}

PROBE_SECONDS: Final = 1.0
"""How long an engine may take to answer a ping: one that is well takes milliseconds."""
STARTING_SECONDS: Final = 3.0
"""How much longer that is waited for, where nobody else answers, if the connection was taken: the service manager holds
the socket of an engine that it is just starting, and what runs bare because of that stays so."""
FACTS_SECONDS: Final = 5.0
"""How long an engine that has answered the ping may take to tell of itself: with thousands of containers it counts."""
REUSE_SECONDS: Final = 1.0
"""Who asks so soon after a look has what that found: backends that want any engine, Docker or Podman ask together."""


@attrs.frozen(kw_only=True)
class _Silent(Value):
    """Who took the connection and did not answer in time."""

    candidate: EngineCandidate


_CandidateOutcome = EngineFacts | NoEngine | _Silent | None
"""What came of one candidate; None where nothing is."""


@attrs.frozen(kw_only=True)
class _EngineFindings(Value):
    """What one look has found."""

    at: float
    engines: tuple[EngineFacts, ...]
    """The best first."""
    whys: tuple[NoEngine, ...]
    """What is wrong with the other candidates."""

    def of(self, runtime: Literal["auto", "docker", "podman"]) -> EngineFound:
        for facts in self.engines:
            if runtime in ("auto", facts.kind):
                return facts
        others = [
            NoEngine(why=f"{facts} answers, and container.runtime: auto would take it", says_way_out=True)
            for facts in self.engines
        ]
        whys = (*self.whys, *others)
        told = "; ".join(each.why for each in whys) or "no socket of an engine is there"
        return NoEngine(why=f"{_NOBODY[runtime]}: {told}", says_way_out=any(each.says_way_out for each in whys))


@attrs.define(eq=False, repr=False, kw_only=True)
class EngineProbe:
    """The look for engines on this machine, one at a time whoever asks."""

    environ: Mapping[str, str] = attrs.field(repr=False)
    _latest: _EngineFindings | None = attrs.field(default=None, init=False)
    _turn: trio.Lock = attrs.field(factory=trio.Lock, init=False)

    async def find(self, runtime: Literal["auto", "docker", "podman"] = "auto") -> EngineFound:
        """The engine to use, or why there is none. Never raises but `Cancelled`; its bounds are the constants above."""
        async with self._turn:
            if self._latest is None or trio.current_time() >= self._latest.at + REUSE_SECONDS:
                self._latest = await self._look()
            return self._latest.of(runtime)

    async def _look(self) -> _EngineFindings:
        places = candidates(self.environ)
        whys = [NoEngine(why=place.why, says_way_out=True) for place in places if isinstance(place, OddCandidate)]
        sockets = _distinct([place for place in places if isinstance(place, EngineCandidate)])
        outcomes = await _ask_all(sockets, PROBE_SECONDS)
        silent = [outcome.candidate for outcome in outcomes if isinstance(outcome, _Silent)]
        if silent and not any(isinstance(outcome, EngineFacts) for outcome in outcomes):
            outcomes = [outcome for outcome in outcomes if not isinstance(outcome, _Silent)]
            outcomes += await _ask_all(silent, STARTING_SECONDS)
        return _EngineFindings(
            at=trio.current_time(),
            engines=tuple(outcome for outcome in outcomes if isinstance(outcome, EngineFacts)),
            whys=(*whys, *(outcome for outcome in map(_told, outcomes) if isinstance(outcome, NoEngine))),
        )


def _told(outcome: _CandidateOutcome) -> _CandidateOutcome:
    if not isinstance(outcome, _Silent):
        return outcome
    seconds = PROBE_SECONDS + STARTING_SECONDS
    return NoEngine(
        why=f"{outcome.candidate} takes connections and does not answer within {seconds:g} s: it hangs, restart it",
        says_way_out=True,
    )


def _distinct(found: list[EngineCandidate]) -> list[EngineCandidate]:
    """The candidates without those that are the same file: /var/run is a link to /run."""
    return list({os.path.realpath(each.socket): each for each in reversed(found)}.values())[::-1]


async def _ask_all(sockets: list[EngineCandidate], seconds: float) -> list[_CandidateOutcome]:
    outcomes: list[_CandidateOutcome] = [None] * len(sockets)

    async def ask(place: int, candidate: EngineCandidate) -> None:
        outcomes[place] = await _ask(candidate, seconds)

    async with trio.open_nursery() as nursery:
        for place, candidate in enumerate(sockets):
            nursery.start_soon(partial(ask, place, candidate))
    return outcomes


async def _ask(candidate: EngineCandidate, seconds: float) -> _CandidateOutcome:
    try:
        with trio.move_on_after(seconds) as waiting:
            is_one = await is_engine(candidate.socket)
        if waiting.cancelled_caught:
            return _Silent(candidate=candidate)
        if not is_one:
            return NoEngine(why=f"what answers at {candidate} is no container engine")
        with trio.move_on_after(FACTS_SECONDS):
            return await introduce(candidate.socket)
        return NoEngine(why=f"{candidate} answers a ping and does not tell of itself within {FACTS_SECONDS:g} s")
    except FileNotFoundError:
        where = f"{candidate.variable} names {candidate.socket}, and nothing is there"
        way_out = f"start that engine, or correct or unset {candidate.variable}"
        return NoEngine(why=f"{where}: {way_out}", says_way_out=True) if candidate.variable else None
    except PermissionError:
        kind: Literal["docker", "podman"] = "podman" if candidate.is_podmans else "docker"
        return NoEngine(why=f"{candidate} does not let this user in: {way_in(kind)}", says_way_out=True)
    except ConnectionRefusedError:
        return NoEngine(why=f"nobody listens at {candidate}: its engine does not run")
    except OSError as error:
        return NoEngine(why=f"{candidate} cannot be used: {error.strerror or error}")
    except EngineSilent as silent:
        return NoEngine(why=f"{candidate}: {silent.why}")
    except LinkFailed:
        return NoEngine(why=f"what answers at {candidate} is no container engine")
