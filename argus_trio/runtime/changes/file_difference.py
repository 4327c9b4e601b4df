"""How the configuration file differs from the configuration that runs, place by place. Nothing of it takes effect.

The two are compared with their secrets, and shown without: a secret that is another one has changed, and that is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.config.file import ConfigFile
from argus_trio.config.model.config import Config
from argus_trio.config.read.shown import plain_config, shown_config
from argus_trio.core.control import Differing, FileDifference, NoFile
from argus_trio.core.redaction import HIDDEN, Redactor
from argus_trio.errors import ConfigInvalid, Problem
from argus_trio.runtime.changes.candidate import READ_SECONDS

MOST_READINGS: Final = 2
"""How many readings of the file there are at once: each takes a thread, which a file system that hangs keeps."""
MOST_PLACES: Final = 500
"""How many places are told: a file that is another one altogether is read better by itself."""
_NOT_THERE: Final = object()
_BACKENDS: Final = "backends"

_PlaceKeys = tuple[str | int, ...]


@attrs.define(eq=False, repr=False, kw_only=True)
class FileComparison:
    """Compares the file on disk with the configuration in effect."""

    file: ConfigFile | None
    config: Callable[[], Config]
    """Tells the configuration in effect, without what operators decided."""
    _threads: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(MOST_READINGS), init=False)

    async def __call__(self) -> FileDifference:
        """How they differ now, read in a thread.

        Raises:
            NoFile: there is no file.
        """
        if self.file is None:
            raise NoFile("this gateway runs without a configuration file: there is nothing to compare with")
        with trio.move_on_after(READ_SECONDS):
            return await trio.to_thread.run_sync(
                _compared, self.file, self.config(), abandon_on_cancel=True, limiter=self._threads
            )
        message = f"the file, or one that it names, could not be read within {READ_SECONDS:g} s"
        return FileDifference(problems=(Problem(path="", message=message, hint="try again later"),))


def _compared(file: ConfigFile, running: Config) -> FileDifference:
    try:
        now = file.check()
    except ConfigInvalid as invalid:
        return FileDifference(problems=invalid.problems)
    return difference_of(now, running)


def difference_of(file: Config, running: Config) -> FileDifference:
    """How a configuration differs from the one that runs; the order of backends counts, for names go by it."""
    redact = Redactor((*file.secrets, *running.secrets))
    shown = _Sides(shown_config(file, redact), shown_config(running, redact), redact)
    places = _places(plain_config(file), plain_config(running))
    entries = [shown.entry(*place) for place in islice(places, MOST_PLACES)]
    more = sum(1 for _ in places)
    names = list(file.backends), list(running.backends)
    if names[0] != names[1] and set(names[0]) == set(names[1]):
        entries.append(Differing(path=_BACKENDS, kind="changed", file=names[0], running=names[1]))
    return FileDifference(entries=tuple(entries), more=more)


@attrs.frozen
class _Sides(Value):
    """What is shown of both."""

    file: object
    running: object
    redact: Callable[[str], str]

    def entry(self, path: _PlaceKeys, file: object, running: object) -> Differing:
        """What is told of one place, where they say this and that."""
        shown = _written(path, self.redact)
        if running is _NOT_THERE:
            return Differing(path=shown, kind="added", file=self._at(self.file, path))
        if file is _NOT_THERE:
            return Differing(path=shown, kind="removed", running=self._at(self.running, path))
        sides = self._at(self.file, path), self._at(self.running, path)
        return Differing(path=shown, kind="changed", file=sides[0], running=sides[1])

    def _at(self, side: object, path: _PlaceKeys) -> object:
        for key in path:
            if isinstance(side, Mapping) and self.redact(str(key)) in side:
                side = side[self.redact(str(key))]
            elif isinstance(side, list) and isinstance(key, int) and key < len(side):
                side = side[key]
            else:
                return HIDDEN  # what holds it is masked as a whole
        return side


def _places(file: object, running: object, path: _PlaceKeys = ()) -> Iterator[tuple[_PlaceKeys, object, object]]:
    """Where the two differ, and what stands there; as deep as both are of a kind."""
    if isinstance(file, Mapping) and isinstance(running, Mapping):
        for key in dict.fromkeys((*file, *running)):
            yield from _places(file.get(key, _NOT_THERE), running.get(key, _NOT_THERE), (*path, str(key)))
    elif isinstance(file, list) and isinstance(running, list) and any(isinstance(x, Mapping) for x in file + running):
        for index in range(max(len(file), len(running))):
            yield from _places(_item(file, index), _item(running, index), (*path, index))
    elif file != running:
        yield path, file, running


def _item(values: list[object], index: int) -> object:
    return values[index] if index < len(values) else _NOT_THERE


def _written(path: _PlaceKeys, redact: Callable[[str], str]) -> str:
    """A path as problems of the file have it: `backends.files.args`, `middleware[0].use`."""
    written = ""
    for key in path:
        written += f"[{key}]" if isinstance(key, int) else f".{redact(key)}" if written else redact(key)
    return written
