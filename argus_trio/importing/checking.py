"""What comes of an import, judged by the loader of configurations before anybody sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from argus_trio.config.load import parse
from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.env_file import read_env_text
from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.importing.dotenv import env_text
from argus_trio.importing.emit import emit
from argus_trio.importing.result import ImportedConfig, ImportNote
from argus_trio.importing.servers import backends_of

_ENV_FILE: Final = "env_file"
_USE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)")
_PLACE: Final = re.compile(r"from (.*?)(?: \(project .*|; .*|, called .*)?")
_STAND_IN: Final = "1"
"""What a variable without a value is taken to be: a port, a part of a name, a text."""
_MISSING: Final = ("cwd", "ca_file")
"""Keys whose folder or file may come: their backend waits for it, switched off."""


def checked(imported: ImportedConfig, *, folder: Path, environ: Mapping[str, str]) -> ImportedConfig:
    """What of it the loader takes, in a file of this folder; what it does not take is told and left out."""
    while problems := _problems(imported, folder, environ):
        better = imported
        for problem in problems:
            better = _without(better, problem)
        if better.tree == imported.tree:
            return _pruned(_waiting(better))
        imported = better
    return _pruned(_waiting(imported))


def _waiting(imported: ImportedConfig) -> ImportedConfig:
    """The same with every backend switched off that needs a variable without a value: one that lacks its token must not
    keep the others from being served."""
    for name, entry in backends_of(imported).items():
        lacking = sorted({each for each in _USE.findall(str(entry)) if each in imported.needed})
        if lacking and isinstance(entry, Mapping) and entry.get("enabled", True):
            what = f"it is switched off (enabled: false) until {' and '.join(lacking)} has a value"
            note = ImportNote(kind="do", where=_where(imported, name), what=what)
            off = {**backends_of(imported), name: {**entry, "enabled": False}}
            imported = _with_backends(imported, off, note)
    return imported


def _pruned(imported: ImportedConfig) -> ImportedConfig:
    """Without the variables of what was left out."""
    used = set(_USE.findall(str(imported.tree)))
    return attrs.evolve(
        imported,
        variables={name: value for name, value in imported.variables.items() if name in used},
        needed={name: about for name, about in imported.needed.items() if name in used},
    )


def missing_in(existing: Config, imported: ImportedConfig, *, folder: Path, environ: Mapping[str, str]) -> list[str]:
    """The backends of an import that a configuration has not: neither their command line nor their address."""
    try:
        config = _config(imported, folder, environ)
    except ConfigInvalid:  # what is not known yet keeps it from being read
        return [name for name in backends_of(imported) if name not in existing.backends]
    known = {_target(each) for each in existing.backends.values()}
    return [name for name, each in config.backends.items() if _target(each) not in known]


def _target(backend: BackendSpec) -> tuple[str, ...]:
    """What a backend starts or connects to."""
    return (backend.command, *backend.args) if isinstance(backend, StdioBackend) else (backend.url,)


def _config(imported: ImportedConfig, folder: Path, environ: Mapping[str, str]) -> Config:
    tree = {key: value for key, value in imported.tree.items() if key != _ENV_FILE}
    variables = read_env_text(env_text(imported.variables, {})).variables
    known = {**dict.fromkeys(imported.needed, _STAND_IN), **variables, **environ}
    return parse(emit(tree), source="the configuration", folder=folder, environ=known)


def _problems(imported: ImportedConfig, folder: Path, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    try:
        _config(imported, folder, environ)
    except ConfigInvalid as invalid:
        return tuple(each for each in invalid.problems if not _is_unknown_yet(each, imported))
    return ()


def _is_unknown_yet(problem: Problem, imported: ImportedConfig) -> bool:
    """Whether it is about a text that nobody knows yet."""
    value: object = imported.tree
    for key in _keys(problem, imported):
        value = value.get(key) if isinstance(value, Mapping) else None
    return isinstance(value, str) and any(f"${{{name}}}" in value for name in imported.needed)


def _keys(problem: Problem, imported: ImportedConfig) -> list[str]:
    """The keys of a path; a backend's name may hold dots."""
    name = _backend(problem, imported)
    if name is None:
        return problem.path.split(".")
    rest = problem.path[len("backends.") + len(name) :].strip(".")
    return ["backends", name, *(rest.split(".") if rest else ())]


def _backend(problem: Problem, imported: ImportedConfig) -> str | None:
    names = [
        name
        for name in backends_of(imported)
        if problem.path == f"backends.{name}" or problem.path.startswith(f"backends.{name}.")
    ]
    return max(names, key=len, default=None)


def _without(imported: ImportedConfig, problem: Problem) -> ImportedConfig:
    """The same without the backend that a problem is about, or with it switched off; the note that tells so."""
    what = f"{problem.message}; {problem.hint}" if problem.hint else problem.message
    name = _backend(problem, imported)
    backends = backends_of(imported)
    if name is None:
        left = ImportNote(kind="left out", where=problem.path or "the configuration", what=what, is_refusal=True)
        return attrs.evolve(imported, notes=(*imported.notes, left))
    where = _where(imported, name)
    key = problem.path.rpartition(".")[2]
    entry = backends.get(name)
    if key in _MISSING and isinstance(entry, Mapping) and entry.get("enabled", True):
        note = ImportNote(kind="do", where=where, what=f"{key}: {what}; it is switched off (enabled: false) until then")
        return _with_backends(imported, {**backends, name: {**entry, "enabled": False}}, note)
    note = ImportNote(kind="left out", where=where, what=f"{key}: {what}", is_refusal=True)
    return _with_backends(imported, {each: entry for each, entry in backends.items() if each != name}, note)


def _where(imported: ImportedConfig, name: str) -> str:
    place = _PLACE.fullmatch(imported.origins.get(name, ""))
    return f"{place[1]} {name}" if place is not None else name


def _with_backends(imported: ImportedConfig, backends: Mapping[str, object], note: ImportNote) -> ImportedConfig:
    return attrs.evolve(imported, tree={**imported.tree, "backends": backends}, notes=(*imported.notes, note))
