"""One loaded configuration as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import attrs

from argus_trio import Value
from argus_trio.config.model.about import about
from argus_trio.config.model.authorization import View
from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.model.container import IsolationSetting
from argus_trio.config.model.defaults import Defaults
from argus_trio.config.model.middleware import MiddlewareSpec
from argus_trio.config.model.naming import BACKEND_NAME, ConflictResolution
from argus_trio.config.model.server import Server
from argus_trio.errors import Problem


@attrs.frozen(kw_only=True)
class Config(Value):
    """One loaded configuration. `backends` keeps the order of the file."""

    version: Literal["1"] = attrs.field(default="1", metadata=about("the version of this file's format"))
    env_file: Path | None = attrs.field(
        default=None, metadata=about("a file of NAME=VALUE lines: variables for ${...} that the gateway itself lacks")
    )
    server: Server = attrs.field(default=Server(), metadata=about("the gateway's own side"))
    defaults: Defaults = attrs.field(
        default=Defaults(), eq=False, metadata=about("what holds for each backend that does not say otherwise")
    )
    """What the file says for all backends. `backends` hold it already, so two configurations that lead to the same
    backends are equal."""
    isolation: IsolationSetting = attrs.field(
        default="auto",
        metadata=about(
            "whether stdio backends run in containers: auto where there is an engine and it can be done, required, off"
        ),
    )
    backends: Mapping[str, BackendSpec] = attrs.field(
        default=MappingProxyType({}),
        metadata=about("the servers behind the gateway, by name", key_pattern=f"^{BACKEND_NAME}$"),
    )
    conflict_resolution: ConflictResolution = attrs.field(
        default=ConflictResolution(), metadata=about("how names of different backends stay apart")
    )
    middleware: tuple[MiddlewareSpec, ...] = attrs.field(
        default=(), metadata=about("what each request passes, in this order; the first is outermost")
    )
    views: Mapping[str, View] = attrs.field(
        default=MappingProxyType({}),
        metadata=about("more endpoints, /mcp/NAME and /sse/NAME, by name", key_pattern=f"^{BACKEND_NAME}$"),
    )
    secrets: frozenset[str] = attrs.field(default=frozenset(), repr=False, eq=False)
    """The values that must not appear in a log or an error: every header value, and what `${...}` brought into a field
    with `repr=False`; `config/read/secrets.py` says what is left out."""
    lines: Mapping[tuple[str | int, ...], int] = attrs.field(default=MappingProxyType({}), repr=False, eq=False)
    """The lines of what the file says of middleware, by key path: some of it is found wrong only as it is made."""
    warnings: tuple[Problem, ...] = attrs.field(default=(), repr=False, eq=False)
    """What its user should know though the configuration can be used, in file order; no key of the file."""
    entries: Mapping[str, bytes] = attrs.field(default=MappingProxyType({}), repr=False, eq=False)
    """A digest of what the file itself says of each backend, without `defaults` and what `${...}` brings in."""

    def is_same_entry(self, name: str, other: Config) -> bool:
        """Whether another configuration's file says the same of a backend, whatever that amounts to there."""
        mine, its = (each.entries.get(name, each.backends.get(name)) for each in (self, other))
        return mine is not None and mine == its
