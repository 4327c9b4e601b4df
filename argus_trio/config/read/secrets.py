"""The secrets of a loaded configuration: the values that must never appear in a log or an error.

They are every header value, every token and key of `middleware`, the operator's token, what goes by a name such as
`API_KEY` or `--token` in env and args, what `${...}` brought into a field that may hold a secret (`repr=False` in the
model: args, env, headers, url; packages and indexes of `container`), what stands before the host in an index or a
package, and whatever `${...}` brought into `middleware`. Left out is what would only turn a log into noise: short
values, ports, booleans, loopback names, and the variables that say where and who one is. A default written in the file
is no secret: the file says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import unquote

import attrs

from argus_trio.config.model.backend import HttpBackend, SseBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import Container
from argus_trio.config.read.interpolation import Brought
from argus_trio.config.read.key_path import KeyPath, dotted
from argus_trio.core.redaction import Redactor
from argus_trio.errors import Problem

_TOKEN: KeyPath = ("server", "management", "token")
SHORTEST = 4
"""The shortest value, in characters, that is hidden."""

PUBLIC_VARIABLES = frozenset({"HOME", "USER", "LOGNAME", "SHELL", "PATH", "PWD", "LANG", "TZ", "TMPDIR", "HOSTNAME"})
"""The variables whose values are no secrets."""
_COMMON_WORDS = frozenset({"true", "false", "none", "null", "localhost", "127.0.0.1"})
_LONGEST_PORT = 5
_BETWEEN: Final = re.compile(r"[^\w.+=-]+")
"""What parts a text where rules, paths and addresses are taken apart."""
_PATHS = ("/", "./", "../", "~/")
_NAME: Final = r"(?:[\w.-]*(?:token|secret|passw|credential|api[_-]?key)[\w.-]*|(?:[\w.-]*[_.-])?key)"
NAMED: Final = re.compile(_NAME, re.IGNORECASE)
"""What a value goes by that is taken for a secret."""
OPTION: Final = re.compile(f"--?{_NAME}", re.IGNORECASE)
"""An option whose value follows it."""
ASSIGNED: Final = re.compile(f"((?:--?|[?&]|^){_NAME}=)([^&#]*)", re.IGNORECASE)
"""One with its value, or a parameter of a query."""

SECRET_KEYS = frozenset(
    field.name
    for cls in (StdioBackend, SseBackend, HttpBackend)
    for field in attrs.fields(cls)
    if field.repr is False and "about" in field.metadata
)
"""The keys of a backend that may hold a secret."""
CONTAINER_KEYS = frozenset(field.name for field in attrs.fields(Container) if field.repr is False)
"""The keys of a backend's `container`, and of that of `defaults`, that may hold one."""
_CREDENTIALS: Final = re.compile(r"://([^/?#\s]*)@")
"""What stands before the host of an address: a user and a password, or a token."""


def gather(config: Config, brought: Mapping[KeyPath, tuple[Brought, ...]]) -> frozenset[str]:
    """The secrets of the configuration; `brought` says which values `${...}` brought in at which key path."""
    written = (*_header_values(config), *_named_values(config), *_written(config.middleware), *_written(config.server))
    found = (*written, *_credentials(config), *_brought_values(brought))
    return frozenset(value for value in found if is_telling(value))


def without_brought(problems: Iterable[Problem], brought: Mapping[KeyPath, tuple[Brought, ...]]) -> tuple[Problem, ...]:
    """The problems without what `${...}` brought in, wherever that was: who asks for a check may know less than we do.

    Where it was brought in, its parts are hidden as well: a hint may have taken it apart.
    """
    by_path = {dotted(key_path): _unpublic(values) for key_path, values in brought.items()}
    found = hidden_in(problems, {value for values in by_path.values() for value in values if is_telling(value)})
    return tuple(hidden for each in found for hidden in hidden_in((each,), _parts(by_path.get(each.path, ()))))


def hidden_in(problems: Iterable[Problem], secrets: Iterable[str]) -> tuple[Problem, ...]:
    """The problems without these secrets, be they quoted as they are or as Python writes them."""
    redact = Redactor(form for each in secrets for form in (each, repr(each)[1:-1]))
    return tuple(attrs.evolve(each, message=redact(each.message), hint=redact(each.hint)) for each in problems)


def _parts(values: Iterable[str]) -> set[str]:
    return {part for value in values for part in _BETWEEN.split(value) if is_telling(part)}


def _unpublic(values: Iterable[Brought]) -> tuple[str, ...]:
    return tuple(each.value for each in values if each.variable not in PUBLIC_VARIABLES)


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


def _named_values(config: Config) -> Iterator[str]:
    """What goes by the name of a secret in the environment and the arguments of backends; paths only lead to one."""
    for backend in config.backends.values():
        if isinstance(backend, StdioBackend):
            named = (value for name, value in backend.env.items() if NAMED.fullmatch(name))
            yield from (value for value in (*named, *_of_options(backend.args)) if not value.startswith(_PATHS))


def _credentials(config: Config) -> Iterator[str]:
    """What the addresses of package indexes and of packages hold before their host, as a whole and in its parts."""
    containers = [each.container for each in config.backends.values() if isinstance(each, StdioBackend)]
    for container in (config.defaults.container, *containers):
        for text in (container.index_url or "", container.npm_registry or "", *container.packages):
            for credentials in _CREDENTIALS.findall(text):
                user, _, password = credentials.partition(":")
                yield from (credentials, unquote(credentials), password or user, unquote(password or user))


def _of_options(args: Sequence[str]) -> Iterator[str]:
    yield from (value for option, value in pairwise(args) if OPTION.fullmatch(option))
    yield from (found[2] for each in args if (found := ASSIGNED.match(each)))


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
        if is_of_backend or _is_of_container(key_path) or key_path[:1] == ("middleware",) or key_path == _TOKEN:
            yield from _unpublic(values)


def _is_of_container(key_path: KeyPath) -> bool:
    below = key_path[1:] if key_path[:1] == ("defaults",) else key_path[2:] if key_path[:1] == ("backends",) else ()
    return below[:1] == ("container",) and len(below) > 1 and below[1] in CONTAINER_KEYS
