"""The configuration file of a running gateway: read at the start, and again at each reload."""

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
    """One path, and what the command line says instead of the file. `path` is absolute."""

    path: Path
    environ: Mapping[str, str] = attrs.field(repr=False)
    host: str | None = None
    port: int | None = None
    stamps: Stamps = MappingProxyType({})
    """The files that the latest reading looked at, also one that failed."""

    def read(self) -> Config:
        """What the file says now. It looks at the disk, and may run in a thread of its own.

        Raises:
            ConfigInvalid: everything that is wrong with it.
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
