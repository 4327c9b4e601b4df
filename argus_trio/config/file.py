"""The configuration file of a running gateway, which is read at the start and again at each reload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import attrs

from argus_trio.config.check.loopback import exposure
from argus_trio.config.load import load, parse_given
from argus_trio.config.model.config import Config
from argus_trio.config.read.sources import Sources, Stamps
from argus_trio.errors import ConfigInvalid, Problem


def _untold(_: Problem) -> None:
    """The warning is told by whoever looks at the configuration."""


@attrs.define(eq=False, repr=False, kw_only=True)
class ConfigFile:
    """One configuration file, and what the command line says instead of it."""

    path: Path
    """The absolute path of the file."""
    environ: Mapping[str, str] = attrs.field(repr=False)
    """The variables that `${...}` in the file means."""
    host: str | None = None
    """The address to listen on instead of the file's."""
    port: int | None = None
    """The port to listen on instead of the file's."""
    warn: Callable[[Problem], None] = _untold
    """Called with each warning of a reading that the reading before did not have; in the thread that reads."""
    stamps: Stamps = MappingProxyType({})
    """The stamps of the files that the latest reading looked at, also one that failed."""
    _warned: frozenset[Problem] = attrs.field(default=frozenset(), init=False)
    """The warnings of the latest reading that did not fail, without their lines."""

    def read(self) -> Config:
        """The configuration that the file says now. This looks at the file system, and may run in another thread.

        Raises:
            ConfigInvalid: everything that is wrong with the file.
        """
        sources = Sources()
        try:
            config = load(self.path, environ=self.environ, sources=sources)
        finally:
            self.stamps = MappingProxyType(sources.stamps)
        config = self._overridden(config)
        self._tell(config.warnings)
        return config

    def check(self, text: str | None = None) -> Config:
        """The configuration that the file would say with another text, or says now. Nothing is noted of it.

        Raises:
            ConfigInvalid: everything that is wrong with it.
        """
        if text is None:
            return self._overridden(load(self.path, environ=self.environ))
        return self._overridden(parse_given(text, self.path, environ=self.environ))

    def _overridden(self, config: Config) -> Config:
        """What the command line makes of it."""
        overrides = {name: value for name in ("host", "port") if (value := getattr(self, name)) is not None}
        config = attrs.evolve(config, server=attrs.evolve(config.server, **overrides))
        if problem := exposure(config):
            source = str(self.path) if self.host is None else "--host"
            raise ConfigInvalid(source, (problem,), warnings=config.warnings)
        return config

    def _tell(self, warnings: tuple[Problem, ...]) -> None:
        known, self._warned = self._warned, frozenset(attrs.evolve(each, line=None) for each in warnings)
        for each in warnings:
            if attrs.evolve(each, line=None) not in known:
                self.warn(each)
