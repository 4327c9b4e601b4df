"""Programs of the user's own: nothing tells what they need, so no image is made of them unless they say it."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

from argus_trio.sandbox.plan.commands.asked import IN_IMAGE, IN_PACKAGES, OwnProgram

_SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "fish", "ash", "ksh", "busybox"})
_WRAPPERS: Final = frozenset({"env", "sudo", "nice", "nohup", "timeout", "stdbuf", "setsid", "mise", "nvm", "direnv"})
_PYTHON: Final = re.compile(r"(?:python|pypy)(?:3(?:\.\d+)?)?")
_NODE: Final = frozenset({"node", "nodejs", "tsx", "ts-node"})
_PROJECTS: Final = frozenset({"uv", "poetry", "pdm", "hatch", "rye", "conda", "mamba", "pixi", "go", "cargo", "dotnet"})


def read_own(command: str, args: tuple[str, ...]) -> OwnProgram:
    """What is to be said of a program that no package or image is named for."""
    name = PurePath(command).name
    if name in ("cmd", "cmd.exe", "powershell", "pwsh"):
        return OwnProgram(
            why=f"{name} is a shell, which hides what it runs: write that as command, such as command: npx"
        )
    if name in _WRAPPERS:
        return OwnProgram(
            why=f"{name} hides what it runs: write that as command, with its arguments in args and its variables in env"
        )
    if name in _SHELLS:
        return OwnProgram(
            why=f"{name} is a shell, which hides what it runs: write that as command, with its arguments in args, or "
            f"{IN_IMAGE}"
        )
    if _PYTHON.fullmatch(name):
        return _interpreted("python", name, args)
    if name in _NODE:
        return _interpreted("node", name, args)
    if name in _PROJECTS:
        return OwnProgram(
            why=f"{name} runs a project of your own: {IN_IMAGE}, or name a Dockerfile in container.dockerfile"
        )
    return OwnProgram(
        why=f"{name} is a program of this machine, and nothing tells what it needs: {IN_IMAGE}, or name a Dockerfile "
        "in container.dockerfile"
    )


def _interpreted(kind: str, name: str, args: tuple[str, ...]) -> OwnProgram:
    is_python = kind == "python"
    program = "python" if is_python else "node" if name in ("node", "nodejs") else name
    if is_python and "-m" in args[:4] and args[-1] != "-m":
        module = args[args.index("-m") + 1]
        why = (
            f"a module's name does not tell which package has it: list that of {module} in container.packages, or "
            f"{IN_IMAGE}"
        )
    else:
        why = f"it runs a program of your own with {name}: {IN_PACKAGES}, or {IN_IMAGE}"
    return OwnProgram(
        why=why,
        interpreter="python" if is_python else "node",
        program=program,
        args=args,
        packages=(program,) if program in ("tsx", "ts-node") else (),
    )
