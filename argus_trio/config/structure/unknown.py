"""What to say of a key that is not known: what the original Argus' key became, where it belongs, or what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from argus_trio.config.read.key_path import KeyPath, quoted
from argus_trio.config.structure.heritage import advice

_ELSEWHERE = {
    "command": "command, args, env and cwd belong to type: stdio; a server that is started is a backend of its own",
    "args": "args belong to type: stdio",
    "env": "env belongs to type: stdio",
    "env_from": "env_from belongs to type: stdio",
    "cwd": "cwd belongs to type: stdio",
    "url": "url belongs to type: sse and type: streamable-http",
    "headers": "headers belong to type: sse and type: streamable-http",
    "tls": "tls belongs to type: sse and type: streamable-http",
}


def hint_for(place: KeyPath, known: Collection[str]) -> str:
    """The hint for the unknown key at `place`, where only `known` are understood."""
    if said := advice(place):
        return said
    key = str(place[-1])
    if place[0] == "backends" and len(place) == 3 and key in _ELSEWHERE:
        return _ELSEWHERE[key]
    near = difflib.get_close_matches(key.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {quoted(near[0])!r}?"
    return f"known here: {', '.join(known)}"
