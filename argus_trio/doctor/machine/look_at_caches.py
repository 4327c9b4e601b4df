"""Looks at what the package runners of bare backends keep: npx's folder of each, and whether caches can be written.

An install that was cut off is taken for a finished one by npx, and fails at every start. Such a folder is told with
the line that removes it; nothing is removed here, for another program may be using it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha512
from pathlib import Path, PurePath
from typing import Final

import trio

from argus_trio.config.model.backend import StdioBackend
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.sandbox.plan.commands.asked import PackageRun
from argus_trio.sandbox.plan.commands.read import read_command

_HASH_LETTERS: Final = 16
"""How much of the digest of what is installed npx calls its folder by."""
_RETIRED: Final = re.compile(r"\..+-[A-Za-z0-9_-]{8}")
"""How npm calls a folder that it has moved away, and removes when the install has come to its end."""
_MOST_LOCK_BYTES: Final = 16 * 1024 * 1024
"""The largest list of what is installed that is read: that of a package with a thousand others is half a megabyte."""


async def look_at_caches(examination: Examination) -> Sequence[DoctorFinding]:
    """A finding for each folder that keeps a backend from starting, and for each cache that cannot be written."""
    return await trio.to_thread.run_sync(lambda: list(_looked(examination)), abandon_on_cancel=True)


def _looked(examination: Examination) -> Iterator[DoctorFinding]:
    broken: dict[Path, tuple[str, list[str]]] = {}
    caches: dict[Path, list[str]] = {}
    for spec in examination.bare:
        asked = read_command(spec.command, spec.args)
        if not isinstance(asked, PackageRun):
            continue
        cache = _cache(asked, spec, examination)
        caches.setdefault(cache, []).append(spec.name)
        if PurePath(spec.command).name == "npx":
            folder = npx_folder(cache, asked.packages)
            if why := npx_fault(folder):
                broken.setdefault(folder, (why, []))[1].append(spec.name)
    for folder, (why, names) in broken.items():
        yield DoctorFinding(
            severity="problem",
            about=", ".join(names),
            what=f"npx's folder of it is half there, as an install leaves it that was cut off: {why}",
            advice=f"if no npx is installing there just now: rm -rf {shlex.quote(str(folder))}",
        )
    for cache, names in caches.items():
        yield from _of_cache(cache, names)


def npx_folder(cache: Path, packages: Sequence[str]) -> Path:
    """Where npx installs these packages."""
    return cache / "_npx" / sha512("\n".join(sorted(packages)).encode()).hexdigest()[:_HASH_LETTERS]


def npx_fault(folder: Path) -> str:
    """What is half there in a folder of npx; empty where all is well, or nothing is there."""
    modules = folder / "node_modules"
    try:
        entries = sorted(modules.iterdir())
    except OSError:
        return ""
    if left := next((each.name for each in _all_packages(entries) if _RETIRED.fullmatch(each.name)), ""):
        return f"{left} was left of an install before, and is in the way of the next (ENOTEMPTY)"
    for link in _entries(modules / ".bin"):
        if not link.exists():
            return f"node_modules/.bin/{link.name} leads to nothing"
    for name in _installed(modules / ".package-lock.json"):
        if not (folder / name / "package.json").is_file():
            return f"{name} is not whole"
    for name in _dependencies(folder / "package.json"):
        if (modules / name).is_dir() and not (modules / name / "package.json").is_file():
            return f"node_modules/{name} is not whole"
    return ""


def _all_packages(entries: Sequence[Path]) -> Iterator[Path]:
    for each in entries:
        if each.name.startswith("@"):
            yield from _entries(each)
        else:
            yield each


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _installed(lock: Path) -> Iterator[str]:
    """What the list of an install names that must be there on every machine."""
    packages = _object(lock).get("packages")
    for name, facts in packages.items() if isinstance(packages, dict) else ():
        is_spare = isinstance(facts, dict) and any(facts.get(each) for each in ("optional", "devOptional", "link"))
        if isinstance(name, str) and name.startswith("node_modules/") and not is_spare:
            yield name


def _dependencies(path: Path) -> list[str]:
    named = _object(path).get("dependencies")
    return [str(each) for each in named] if isinstance(named, dict) else []


def _object(path: Path) -> dict[str, object]:
    with suppress(OSError, ValueError, RecursionError), path.open("rb") as opened:
        found: object = json.loads(opened.read(_MOST_LOCK_BYTES))
        return found if isinstance(found, dict) else {}
    return {}


def _cache(asked: PackageRun, spec: StdioBackend, examination: Examination) -> Path:
    """Where a runner keeps what it has fetched."""
    variables = {**examination.environ, **spec.env}
    home = Path(variables.get("HOME") or examination.home)
    if asked.kind == "node":
        named = _first(variables, "npm_config_cache", "NPM_CONFIG_CACHE")
        return Path(named) if named else home / ".npm"
    named = _first(variables, "UV_CACHE_DIR")
    base = _first(variables, "XDG_CACHE_HOME")
    return Path(named) if named else Path(base) / "uv" if base.startswith("/") else home / ".cache" / "uv"


def _first(variables: Mapping[str, str], *names: str) -> str:
    return next((value for name in names if (value := variables.get(name))), "")


def _of_cache(cache: Path, names: Sequence[str]) -> Iterator[DoctorFinding]:
    there = next(each for each in (cache, *cache.parents) if each.exists())
    if os.access(there, os.W_OK | os.X_OK):
        return
    who = f"{os.geteuid()}:{os.getegid()}"
    yield DoctorFinding(
        severity="problem",
        about=", ".join(names),
        what=f"this user cannot write to {there}, where what starts it keeps what it has fetched",
        advice=f"sudo chown -R {who} {shlex.quote(str(there))}, if it is yours; or name another folder with "
        "npm_config_cache or UV_CACHE_DIR in its env",
    )
