"""What some published servers are told inside, because of what they take for granted: a table, and every entry is said.

An entry is for a server that many use, and that would not work without it although nothing is configured.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from argus_trio import Value
from argus_trio.sandbox.plan.drafting.names import named
from argus_trio.sandbox.plan.outcome import HOME_TARGET, ImagePlan, InstalledImage, ShimKind


@attrs.frozen(kw_only=True)
class Habit(Value):
    """What is added to the variables and the arguments of a server, and the sentence that says so."""

    env: Mapping[str, str] = attrs.field(default=MappingProxyType({}))
    arguments: tuple[str, ...] = ()
    """For its newest version: none is added where a version is asked for."""
    note: str


_MEMORY: Final = Habit(
    env={"MEMORY_FILE_PATH": f"{HOME_TARGET}/memory.jsonl"},
    note="MEMORY_FILE_PATH is memory.jsonl in its home: what stands beside its program cannot be written",
)
HABITS: Final[Mapping[tuple[ShimKind, str], Habit]] = MappingProxyType(
    {
        ("node", "@modelcontextprotocol/server-memory"): _MEMORY,
        ("node", "@itseasy21/mcp-knowledge-graph"): _MEMORY,
        ("node", "mcp-knowledge-graph"): _MEMORY,
        ("python", "mcp-server-fetch"): Habit(
            arguments=("--allow-private-ips",),
            note="--allow-private-ips is added, for names have loopback addresses inside: what they lead to is looked "
            "at by the gateway, which refuses private addresses",
        ),
        ("python", "mcp-server-git"): Habit(
            env={"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"},
            note="git takes repositories of any owner there: those that are mounted may be another user's than its own",
        ),
    }
)


@attrs.frozen(kw_only=True)
class ToldInside(Value):
    """The variables and the arguments of a server with what its habits need, and what is to be said of that."""

    env: Mapping[str, str] = attrs.field(repr=False)
    argv: tuple[str, ...] = attrs.field(repr=False)
    notes: tuple[str, ...] = ()


def told(image: ImagePlan, env: Mapping[str, str], argv: tuple[str, ...]) -> ToldInside:
    """What is set by who configured the server stays as it is."""
    unchanged = ToldInside(env=env, argv=argv)
    if not isinstance(image, InstalledImage) or not image.packages:
        return unchanged
    name, is_newest = named(image.kind, image.packages[0])
    habit = HABITS.get((image.kind, name))
    if habit is None:
        return unchanged
    variables = {each: value for each, value in habit.env.items() if each not in env}
    arguments = tuple(each for each in habit.arguments if is_newest and each not in argv)
    if not variables and not arguments:
        return unchanged
    return ToldInside(env={**env, **variables}, argv=(*argv, *arguments), notes=(habit.note,))
