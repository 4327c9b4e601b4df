"""The secrets of a loaded configuration: the values that must never appear in a log or an error.

They are every header value, every token and key of `middleware`, the operator's token, what `${...}` brought into a
field that may hold a secret (`repr=False` in the model: args, env, headers, url), and whatever it brought into
`middleware`. Left out is what would only turn a log into noise: short values, ports, booleans, loopback names, and the
variables that say where and who one is. A default written in the file is no secret: the file says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from argus_trio.config.model.backend import HttpBackend, SseBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.read.interpolation import Brought
from argus_trio.config.read.key_path import KeyPath

_TOKEN: KeyPath = ("server", "management", "token")
SHORTEST = 4
"""The shortest value, in characters, that is hidden."""

PUBLIC_VARIABLES = frozenset({"HOME", "USER", "LOGNAME", "SHELL", "PATH", "PWD", "LANG", "TZ", "TMPDIR", "HOSTNAME"})
"""The variables whose values are no secrets."""
_COMMON_WORDS = frozenset({"true", "false", "none", "null", "localhost", "127.0.0.1"})
_LONGEST_PORT = 5

SECRET_KEYS = frozenset(
    field.name
    for cls in (StdioBackend, SseBackend, HttpBackend)
    for field in attrs.fields(cls)
    if field.repr is False and "about" in field.metadata
)
"""The keys of a backend that may hold a secret."""


def gather(config: Config, brought: Mapping[KeyPath, tuple[Brought, ...]]) -> frozenset[str]:
    """The secrets of the configuration; `brought` says which values `${...}` brought in at which key path."""
    found = (*_header_values(config), *_written(config.middleware), *_written(config.server), *_brought_values(brought))
    return frozenset(value for value in found if is_telling(value))


def is_telling(value: str) -> bool:
    """Whether the value is worth hiding: it can be a secret, and hiding it does not hide half of a log."""
    if len(value) < SHORTEST or value.lower() in _COMMON_WORDS:
        return False
    return not (value.isdigit() and len(value) <= _LONGEST_PORT)


def _header_values(config: Config) -> Iterator[str]:
    for backend in config.backends.values():
        if isinstance(backend, StdioBackend):
            continue
        for value in backend.headers.values():
            yield value
            _, _, credentials = value.partition(" ")  # `Bearer <token>`: the token alone is as secret
            yield credentials.strip()


def _written(value: object) -> Iterator[str]:
    """The texts in every field below `value` that is marked as a secret."""
    if isinstance(value, tuple):
        for each in value:
            yield from _written(each)
        return
    cls = type(value)
    for field in attrs.fields(cls) if attrs.has(cls) else ():
        inner = getattr(value, field.name)
        if not field.metadata.get("is_secret"):
            yield from _written(inner)
        elif isinstance(inner, str):
            yield inner
        elif isinstance(inner, Mapping):
            yield from inner.values()


def _brought_values(brought: Mapping[KeyPath, tuple[Brought, ...]]) -> Iterator[str]:
    for key_path, values in brought.items():
        is_of_backend = len(key_path) > 2 and key_path[0] == "backends" and key_path[2] in SECRET_KEYS
        if is_of_backend or key_path[:1] == ("middleware",) or key_path == _TOKEN:
            yield from (each.value for each in values if each.variable not in PUBLIC_VARIABLES)
