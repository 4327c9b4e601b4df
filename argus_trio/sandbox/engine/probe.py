"""Looks for an engine: with our own HTTP over Unix sockets, all candidates at once, once for the process.

What was found stays: an engine that goes later is a failure of those who use it, which heals, and no reason to run
anything bare. Where none was found it is looked for again, but not before `LOOK_AGAIN_SECONDS` have passed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final, Literal

import attrs
import structlog
import trio

from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.candidates import EngineCandidate, OddCandidate, candidates
from argus_trio.sandbox.engine.facts import EngineFacts, EngineFound, NoEngine
from argus_trio.sandbox.engine.failure import way_in
from argus_trio.sandbox.engine.introduction import EngineSilent, introduce, is_engine

log = structlog.get_logger()

EngineRuntime = Literal["auto", "docker", "podman"]

PROBE_SECONDS: Final = 1.0
"""How long an engine may take to answer a ping: one that is well takes milliseconds."""
STARTING_SECONDS: Final = 3.0
"""How much longer that is waited for, where nobody else answers, if the connection was taken: the service manager holds
the socket of an engine that it is just starting, and what runs bare because of that stays so."""
FACTS_SECONDS: Final = 5.0
"""How long an engine that has answered the ping may take to tell of itself: with thousands of containers it counts."""
LOOK_AGAIN_SECONDS: Final = 30.0
"""Where none was found, or it went, whoever needs one has it looked for again, but no sooner than that after the last
look."""
DOUBT_SECONDS: Final = 2.0
"""The same for one that was found and has failed since: it may be another version when it is back."""


@attrs.frozen(kw_only=True)
class _Silent:
    """Who took the connection and did not answer in time."""

    candidate: EngineCandidate


@attrs.define(eq=False, kw_only=True)
class EngineProbe:
    """What is known of engines on this machine."""

    environ: Mapping[str, str] = attrs.field(repr=False)
    home: Path = attrs.field(factory=Path.home)
    _found: dict[Path, EngineFacts] = attrs.field(factory=dict, init=False)
    """The engines that have answered once, the best first."""
    _whys: list[str] = attrs.field(factory=list, init=False)
    """What is wrong with the candidates that are no engine."""
    _looked: float | None = attrs.field(default=None, init=False)
    """When the last look ended."""
    _is_doubted: bool = attrs.field(default=False, init=False)
    _turn: trio.Lock = attrs.field(factory=trio.Lock, init=False)

    async def find(self, runtime: EngineRuntime = "auto") -> EngineFound:
        """The engine to use. Waits for a look that is under way, or that is due; its bounds are the constants above."""
        async with self._turn:
            if self._is_due(runtime, trio.current_time()):
                await self._look()
        return self.known(runtime) or NoEngine(why="it is not known yet whether there is one")

    def known(self, runtime: EngineRuntime = "auto") -> EngineFound | None:
        """The same as far as it is known now; None before the first look."""
        if self._looked is None:
            return None
        fit = [facts for facts in self._found.values() if runtime in ("auto", facts.kind)]
        return fit[0] if fit else NoEngine(why=self._why(runtime))

    def doubt(self) -> None:
        """Say that the engine has failed, so that what it is now is looked at when it is needed again."""
        self._is_doubted = True

    def _is_due(self, runtime: EngineRuntime, now: float) -> bool:
        if self._looked is None:
            return True
        if isinstance(self.known(runtime), EngineFacts):
            return self._is_doubted and now >= self._looked + DOUBT_SECONDS
        return now >= self._looked + LOOK_AGAIN_SECONDS

    def _why(self, runtime: EngineRuntime) -> str:
        others = [f"{facts} answers, but container.runtime is {runtime}" for facts in self._found.values()]
        whys = [*self._whys, *others]
        nobody = {"auto": "neither Docker nor Podman answers", "docker": "Docker does not answer"}.get(
            runtime, "Podman does not answer"
        )
        return f"{nobody}: {'; '.join(whys)}" if whys else f"{nobody}: no socket of an engine is there"

    async def _look(self) -> None:
        places = candidates(self.environ, self.home)
        self._whys = [place.why for place in places if isinstance(place, OddCandidate)]
        sockets = _distinct([place for place in places if isinstance(place, EngineCandidate)])
        outcomes = await _ask_all(sockets, PROBE_SECONDS)
        if not any(isinstance(outcome, EngineFacts) for outcome in outcomes):
            silent = [outcome.candidate for outcome in outcomes if isinstance(outcome, _Silent)]
            later = dict(zip(map(str, silent), await _ask_all(silent, STARTING_SECONDS), strict=True))
            outcomes = [
                later[str(outcome.candidate)] if isinstance(outcome, _Silent) else outcome for outcome in outcomes
            ]
        self._take_in(sockets, outcomes)
        self._looked, self._is_doubted = trio.current_time(), False

    def _take_in(self, sockets: list[EngineCandidate], outcomes: list[EngineFacts | NoEngine | _Silent | None]) -> None:
        known, self._found = self._found, {}
        for candidate, outcome in zip(sockets, outcomes, strict=True):
            before = known.get(candidate.socket)
            match outcome:
                case EngineFacts():
                    self._found[candidate.socket] = outcome
                    if outcome != before:
                        log.info("engine_found", engine=str(outcome), socket=str(outcome.socket))
                case NoEngine():
                    self._whys.append(outcome.why)
                case _Silent():
                    seconds = PROBE_SECONDS + STARTING_SECONDS
                    self._whys.append(
                        f"{candidate} takes connections and does not answer within {seconds:g} s: it hangs"
                    )
                case None:
                    if candidate.variable:
                        self._whys.append(f"{candidate.variable} names {candidate.socket}, and nothing is there")
            if before is not None and not isinstance(outcome, EngineFacts):
                self._found[candidate.socket] = before
                log.warning("engine_gone", engine=str(before), socket=str(before.socket), hint=self._whys[-1:])


def _distinct(found: list[EngineCandidate]) -> list[EngineCandidate]:
    """The candidates without those that are the same file: /var/run is a link to /run."""
    return list({os.path.realpath(each.socket): each for each in reversed(found)}.values())[::-1]


async def _ask_all(sockets: list[EngineCandidate], seconds: float) -> list[EngineFacts | NoEngine | _Silent | None]:
    outcomes: list[EngineFacts | NoEngine | _Silent | None] = [None] * len(sockets)

    async def ask(place: int, candidate: EngineCandidate) -> None:
        outcomes[place] = await _ask(candidate, seconds)

    async with trio.open_nursery() as nursery:
        for place, candidate in enumerate(sockets):
            nursery.start_soon(partial(ask, place, candidate))
    return outcomes


async def _ask(candidate: EngineCandidate, seconds: float) -> EngineFacts | NoEngine | _Silent | None:
    """What one candidate is; None if nothing is there."""
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
        return None
    except PermissionError:
        kind: Literal["docker", "podman"] = "podman" if "podman" in candidate.socket.name else "docker"
        return NoEngine(why=f"{candidate} does not let this user in: {way_in(kind)}")
    except ConnectionRefusedError:
        return NoEngine(why=f"nobody listens at {candidate}: its engine does not run")
    except OSError as error:
        return NoEngine(why=f"{candidate} cannot be used: {error.strerror or error}")
    except EngineSilent as silent:
        return NoEngine(why=f"{candidate}: {silent.why}")
    except LinkFailed:
        return NoEngine(why=f"what answers at {candidate} is no container engine")
