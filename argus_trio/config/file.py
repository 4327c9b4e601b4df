"""The configuration file of a running gateway, which is read at the start and again at each reload."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import attrs

from argus_trio.config.check.loopback import exposure
from argus_trio.config.load import load
from argus_trio.config.model.config import Config
from argus_trio.config.read.sources import Sources, Stamps
from argus_trio.errors import ConfigInvalid


@attrs.define(eq=False, kw_only=True)
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
    stamps: Stamps = MappingProxyType({})
    """The stamps of the files that the latest reading looked at, also one that failed."""

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
        overrides = {name: value for name in ("host", "port") if (value := getattr(self, name)) is not None}
        config = attrs.evolve(config, server=attrs.evolve(config.server, **overrides))
        if problem := exposure(config.server):
            raise ConfigInvalid(str(self.path) if self.host is None else "--host", (problem,))
        return config
