"""Which kind of command line a backend has, and who reads it."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from argus_trio.sandbox.plan.commands.asked import CommandLine
from argus_trio.sandbox.plan.commands.engine_run import ENGINES, read_engine_run
from argus_trio.sandbox.plan.commands.node import NODE_RUNNERS, read_node
from argus_trio.sandbox.plan.commands.own import read_own
from argus_trio.sandbox.plan.commands.python import read_pipx, read_uvx

_UV_GLOBAL: Final = frozenset({"-q", "--quiet", "-v", "--verbose", "--offline", "--no-cache", "-n", "--native-tls"})


def read_command(command: str, args: tuple[str, ...]) -> CommandLine:
    """What a command line asks for. A runner is known by its name, wherever it stands."""
    name = PurePath(command).name
    if name == "uvx":
        return read_uvx(args)
    if name == "uv" and (own := _of_tool_run(args)) is not None:
        return read_uvx(own, "uv tool run")
    if name == "pipx":
        return read_pipx(args)
    if name in NODE_RUNNERS:
        return read_node(name, args)
    if name in ENGINES:
        return read_engine_run(name, args)
    return read_own(command, args)


def _of_tool_run(args: tuple[str, ...]) -> tuple[str, ...] | None:
    left = args
    while left and left[0] in _UV_GLOBAL:
        left = left[1:]
    return left[2:] if left[:2] == ("tool", "run") else None
