"""Finds the configuration file: the one that is named, else the first in the usual places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from argus_trio.errors import ConfigInvalid, Problem

_TRY = "argus-trio import makes one of the servers that your clients have, argus-trio demo runs without one"


def find_config(explicit: Path | None, *, environ: Mapping[str, str], cwd: Path) -> Path:
    """The path of the configuration file: `explicit`, else $ARGUS_CONFIG, else the first in the usual places.

    Raises:
        ConfigInvalid: there is none, or the one that is named is not there; then no other is looked for.
    """
    if explicit is not None:
        return _named(cwd / explicit, str(explicit))
    if chosen := environ.get("ARGUS_CONFIG"):
        return _named(cwd / chosen, f"{chosen} ($ARGUS_CONFIG)")
    places = tuple(_usual_places(environ, cwd))
    for place in places:
        if _is_file(place):
            return place
    tried = ", ".join(str(place) for place in places)
    problem = Problem(path="", message=f"no configuration file at {tried}", hint=f"name one with -c PATH; {_TRY}")
    raise ConfigInvalid("configuration", (problem,))


def _named(path: Path, said: str) -> Path:
    # A pipe, such as a shell's <(...), is as good as a file here.
    try:
        is_there = path.exists()
    except OSError:
        is_there = True  # reading it will tell what is wrong
    if is_there:
        return path
    raise ConfigInvalid(said, (Problem(path="", message="there is no such file", hint=_TRY),))


def _usual_places(environ: Mapping[str, str], cwd: Path) -> Iterator[Path]:
    yield cwd / "config.yaml"
    yield cwd / "config.yml"
    # The XDG specification: a relative path is invalid and counts as none.
    base, home = environ.get("XDG_CONFIG_HOME", ""), environ.get("HOME", "")
    if base.startswith("/"):
        yield Path(base) / "argus-trio" / "config.yaml"
    elif home:
        yield Path(home) / ".config" / "argus-trio" / "config.yaml"
    yield Path("/etc/argus-trio/config.yaml")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
