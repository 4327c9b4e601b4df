"""`argus-trio clean`: what nobody needs any more is removed, and said. What was not made here is never touched."""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

from argus_trio.cli.images.opened import LoadedBackends, engines_of, load_backends, plan_all, run, used_engine
from argus_trio.cli.report import complain, reported
from argus_trio.errors import LinkFailed
from argus_trio.sandbox.engine.machine import homes
from argus_trio.sandbox.engine.probe import EngineProbe
from argus_trio.sandbox.engine.reaping.leftovers import leftovers, reap_leftovers
from argus_trio.sandbox.image.cleaning import UnneededImage, find_unneeded, remove_unneeded
from argus_trio.sandbox.in_use import UsedEngine
from argus_trio.sandbox.plan.engine_facts import EngineFacts, NoEngine
from argus_trio.sandbox.plan.outcome import Contained

_MEGABYTE = 1024 * 1024

CleanEngine = Callable[[UsedEngine, set[str]], Awaitable[None]]
"""Takes an engine and the names of the images that are needed there."""


def clean(options: argparse.Namespace) -> int:
    """Remove what nobody needs; the exit code."""
    return reported(partial(_clean, options))


def _clean(options: argparse.Namespace) -> int:
    loaded = load_backends(options.config)
    if options.homes and not options.dry_run and not sys.stdin.isatty():
        complain("argus-trio: --homes asks before each home is removed, and needs a terminal for that")
        return 2
    clean_one = _tell_unneeded if options.dry_run else _clean_engine
    code = run(loaded, partial(_clean_engines, loaded, clean_one))
    if options.homes:
        clean_homes = _tell_homes if options.dry_run else _clean_homes
        code = max(code, clean_homes(homes(os.environ), loaded))
    return code


async def _clean_engines(loaded: LoadedBackends, clean_one: CleanEngine) -> int:
    probe = EngineProbe(environ=os.environ)
    planned = await plan_all(list(loaded.specs.values()), probe)
    found = await probe.find("auto")
    engines = dict.fromkeys((*engines_of(planned), *((found,) if isinstance(found, EngineFacts) else ())))
    if not engines and isinstance(found, NoEngine):
        complain(f"argus-trio: no container engine: {found.why}")
        return 1
    plans = [each.plan for each in planned if isinstance(each.plan, Contained)]
    for facts in engines:
        async with used_engine(facts, loaded.redact) as engine:
            await clean_one(engine, await _needed(engine, plans))
    return 0


async def _needed(engine: UsedEngine, plans: list[Contained]) -> set[str]:
    """The names of the images that these plans need."""
    needed = set()
    for plan in plans:
        try:
            needed.add(await engine.images.name_of(plan.image))
        except LinkFailed as failure:
            raise LinkFailed(
                f"nothing is removed, for what {plan.backend} needs is not known: {failure.reason}"
            ) from None
    return needed


async def _tell_unneeded(engine: UsedEngine, needed: set[str]) -> None:
    """Say what would be removed, and remove nothing."""
    control = engine.starter.control
    left, _ = await leftovers(control, engine.starter.gateway.instance)
    images = await find_unneeded(control, needed)
    for container in left:
        _say(f"would remove the container {container.names[0] if container.names else container.id}")
    for image in images:
        _say(f"would remove {_shown(image)}, unless a container uses it")
    if not (left or images):
        _say(f"there is nothing to remove in {control.facts}")


async def _clean_engine(engine: UsedEngine, needed: set[str]) -> None:
    control = engine.starter.control
    left = await reap_leftovers(control, engine.starter.gateway.instance)
    if left:
        _say(f"removed {left} containers of gateways that are gone")
    removed, kept = await remove_unneeded(control, needed)
    for image in removed:
        _say(f"removed {_shown(image)}")
    for image in kept:
        _say(f"kept    {_shown(image)}: a container uses it")
    if not (left or removed or kept):
        _say(f"there is nothing to remove in {control.facts}")


def _shown(image: UnneededImage) -> str:
    return f"{image.tag} ({image.size // _MEGABYTE} MB with its base)"


def _clean_homes(folder: Path, loaded: LoadedBackends) -> int:
    """Ask for each home that no backend has whether it is to be removed."""
    code = 0
    for home in _left_homes(folder, loaded):
        sys.stdout.write(f"remove the home of {home.name} ({home}, {_size(home) // _MEGABYTE} MB)? [y/N] ")
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            continue
        try:
            shutil.rmtree(home)
        except OSError as error:
            complain(f"argus-trio: {home} cannot be removed: {error.strerror}")
            code = 1
        else:
            _say(f"removed {home}")
    return code


def _tell_homes(folder: Path, loaded: LoadedBackends) -> int:
    """Say which homes would be asked for."""
    for home in _left_homes(folder, loaded):
        _say(f"would ask whether to remove the home of {home.name} ({home}, {_size(home) // _MEGABYTE} MB)")
    return 0


def _left_homes(folder: Path, loaded: LoadedBackends) -> list[Path]:
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return []
    return [home for home in found if home.name not in loaded.specs and stat.S_ISDIR(home.lstat().st_mode)]


def _size(folder: Path) -> int:
    return sum(_sizes(folder))


def _sizes(folder: Path) -> Iterator[int]:
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                yield (Path(parent) / name).lstat().st_size
            except OSError:  # it has just gone
                continue


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
