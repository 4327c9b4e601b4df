"""A configuration as its file would say it, with what was left out filled in and what is secret masked.

Secret are the fields that the model marks, the values of `env` and `headers`, whoever wrote them, and what goes by a
name such as `--token` or `?api_key=`. What `${...}` brought into other texts is hidden by the redactor, which knows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.config.model.backend import Backend
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import NetworkSpec
from argus_trio.config.read.secrets import ASSIGNED, NAMED, OPTION
from argus_trio.core.redaction import HIDDEN

_MASKED: Final = frozenset({"env", "headers"})
"""The keys of a backend whose values are masked."""
_USER_INFO: Final = re.compile(r"(?<=://)[^/?#@]+(?=@)")
"""What stands before the host of a URL: often a password."""


def shown_config(config: Config, redact: Callable[[str], str]) -> dict[str, object]:
    """The configuration as JSON; `redact` hides what is secret in texts."""
    return _Shown(redact).of(config)


def plain_config(config: Config) -> dict[str, object]:
    """The same with its secrets: to be compared, and never to be shown."""
    return _Shown(str, masks=False).of(config)


@attrs.frozen
class _Shown(Value):
    redact: Callable[[str], str]
    masks: bool = attrs.field(default=True, kw_only=True)

    def of(self, value: object) -> dict[str, object]:
        """The keys of the file that a value of the model stands for."""
        is_backend, cls = isinstance(value, Backend), type(value)
        shown: dict[str, object] = {}
        for field in attrs.fields(cls) if attrs.has(cls) else ():
            if "about" not in field.metadata:
                continue
            inner = getattr(value, field.name)
            if self.masks and (field.metadata.get("is_secret") or (is_backend and field.name in _MASKED)):
                shown[field.name] = _masked(inner)
            else:
                shown[field.name] = self.value(inner)
        return shown

    def value(self, value: object) -> object:
        """Any value that stands in a configuration."""
        if isinstance(value, NetworkSpec) and value.mode != "allow":
            return value.mode
        if attrs.has(type(value)):
            return self.of(value)
        if isinstance(value, Mapping):
            return {self.redact(str(key)): self._named(str(key), each) for key, each in value.items()}
        if isinstance(value, tuple | list | frozenset):
            return self._listed(list(value))
        if isinstance(value, str | Path):
            return self._text(str(value))
        return value

    def _text(self, value: str) -> str:
        return _USER_INFO.sub(HIDDEN, ASSIGNED.sub(rf"\1{HIDDEN}", self.redact(value))) if self.masks else value

    def _named(self, name: str, value: object) -> object:
        return HIDDEN if self.masks and isinstance(value, str) and NAMED.fullmatch(name) else self.value(value)

    def _listed(self, values: list[object]) -> list[object]:
        """The entries of a list; the one behind an option such as `--token` is its value."""
        behind = [False, *(isinstance(each, str) and OPTION.fullmatch(each) is not None for each in values)]
        sides = zip(behind, values, strict=False)
        return [HIDDEN if is_value and self.masks else self.value(each) for is_value, each in sides]


def _masked(value: object) -> object:
    if value is None:
        return None
    return dict.fromkeys(value, HIDDEN) if isinstance(value, Mapping) else HIDDEN
