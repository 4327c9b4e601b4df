"""Hints for unknown keys: what the original Argus' key became, where the key belongs, or what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import get_args

import attrs

from argus_trio.config.model.backend import BackendSpec
from argus_trio.config.read.key_path import KeyPath, quoted
from argus_trio.config.structure.heritage import advice

_ELSEWHERE = {
    "command": "command, args, env and cwd belong to type: stdio; a server that is started is a backend of its own",
    "args": "args belong to type: stdio",
    "env": "env belongs to type: stdio",
    "env_from": "env_from belongs to type: stdio",
    "cwd": "cwd belongs to type: stdio",
    "container": "container belongs to type: stdio: a server elsewhere is isolated where it runs",
    "url": "url belongs to type: sse and type: streamable-http",
    "headers": "headers belong to type: sse and type: streamable-http",
    "tls": "tls belongs to type: sse and type: streamable-http",
}
_OF_BACKENDS = frozenset(
    field.name for cls in get_args(BackendSpec) for field in attrs.fields(cls) if "about" in field.metadata
)


def hint_for(key_path: KeyPath, known: Collection[str]) -> str:
    """The hint for an unknown key at `key_path`, where only the keys in `known` are understood."""
    if said := advice(key_path):
        return said
    key = str(key_path[-1])
    if key_path[0] == "backends" and len(key_path) == 3 and key in _ELSEWHERE:
        return _ELSEWHERE[key]
    if key_path[0] == "defaults" and len(key_path) == 2 and key in _OF_BACKENDS:
        return f"write it in each backend; defaults know {', '.join(known)}"
    near = difflib.get_close_matches(key.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {quoted(near[0])!r}?"
    return f"known here: {', '.join(known)}"
