"""Looks at the programs of the backends that run bare: whether they are there, and whether they can be started."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import trio

from argus_trio.config.model.backend import StdioBackend
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.doctor.machine.words import command_backend

_WHERE_FROM: Final[Mapping[str, str]] = {
    "npx": "install Node.js, which brings it: https://nodejs.org",
    "node": "install Node.js: https://nodejs.org",
    "npm": "install Node.js, which brings it: https://nodejs.org",
    "uvx": "install uv, which brings it: https://docs.astral.sh/uv",
    "uv": "install uv: https://docs.astral.sh/uv",
    "docker": "install Docker: https://docs.docker.com/engine/install",
    "bunx": "install Bun, which brings it: https://bun.sh",
    "deno": "install Deno: https://deno.com",
    "pipx": "install pipx: https://pipx.pypa.io",
}
"""Where programs come from that start most servers."""
_PLACES: Final = (
    ".local/bin",
    ".cargo/bin",
    ".bun/bin",
    ".deno/bin",
    ".volta/bin",
    "bin",
    ".npm-global/bin",
    ".nvm/versions/node/*/bin",
    ".asdf/shims",
    ".local/share/mise/shims",
)
"""Where programs are below a home folder that only an interactive shell has in its PATH."""
_SYSTEM_PLACES: Final = (
    "/usr/local/bin",
    "/usr/bin",
    "/opt/homebrew/bin",
    "/home/linuxbrew/.linuxbrew/bin",
    "/snap/bin",
)
_SCRIPTS: Final = frozenset({".py", ".js", ".mjs", ".cjs", ".ts", ".jar", ".sh"})
_MOST_HEAD: Final = 256
"""How much of a file is read for the line that names its interpreter: the kernel reads no more."""


async def look_at_programs(examination: Examination) -> Sequence[DoctorFinding]:
    """A finding for each backend whose program cannot be started."""
    return await trio.to_thread.run_sync(_looked, examination, abandon_on_cancel=True)


def _looked(examination: Examination) -> list[DoctorFinding]:
    if examination.config is None:
        return []
    found = []
    warned = {name: each for each in examination.config.warnings if (name := command_backend(each)) is not None}
    for spec in examination.bare:
        if (warning := warned.get(spec.name)) is not None:
            what = f"cannot be started: {spec.command}: {warning.message}"
            found.append(_finding(spec, what, _way_out(spec, examination) or warning.hint))
            continue
        found += [_finding(spec, what, advice) for what, advice in _faults(spec, examination)]
    return found


def _finding(spec: StdioBackend, what: str, advice: str) -> DoctorFinding:
    return DoctorFinding(severity="problem", about=spec.name, what=what, advice=advice)


def _way_out(spec: StdioBackend, examination: Examination) -> str:
    """What to do about a program that PATH does not lead to; empty where the warning says it."""
    if "/" in spec.command:
        return ""
    elsewhere = next(_elsewhere(spec.command, examination.home), None)
    if elsewhere is not None:
        return f"it is at {elsewhere}, which the PATH of the gateway does not lead to: write `command: {elsewhere}`"
    where = _WHERE_FROM.get(spec.command, "install it")
    return f"{where}; or write its path as the command: a service has another PATH than your shell"


def _elsewhere(command: str, home: Path) -> Iterator[Path]:
    folders = [each for place in _PLACES for each in sorted(home.glob(place), reverse=True)]
    for folder in [*folders, *map(Path, _SYSTEM_PLACES)]:
        path = folder / command
        with suppress(OSError):
            if path.is_file() and os.access(path, os.X_OK):
                yield path


def _faults(spec: StdioBackend, examination: Examination) -> Iterator[tuple[str, str]]:
    """What else keeps a program from running that is there."""
    program = _program(spec, examination.environ)
    if program is not None and (interpreter := _lacking_interpreter(program, spec, examination.environ)):
        what = f"cannot be started: {program} is a script for {interpreter}, which is not there"
        yield what, f"install {interpreter}, correct the first line of {program}, or install the program anew"
    start = spec.cwd or examination.cwd
    script = next((each for each in spec.args if not each.startswith("-")), "")
    if Path(script).suffix in _SCRIPTS and ("/" in script or program is not None) and _is_interpreter(spec.command):
        path = start / script
        if not _is_there(path):
            what = f"its program is not there: {path}, which its args name"
            advice = "correct the path in its args"
            if not script.startswith("/"):
                advice += "; a relative one starts at its cwd, or where the gateway was started: write the whole path"
            yield what, advice


def _is_interpreter(command: str) -> bool:
    return Path(command).name.rstrip("0123456789.") in ("python", "node", "bun", "deno", "java", "sh", "bash")


def _program(spec: StdioBackend, environ: Mapping[str, str]) -> Path | None:
    if "/" in spec.command:
        return Path(spec.command)
    search = spec.env.get("PATH", environ.get("PATH", os.defpath))
    start = spec.cwd or Path()
    for folder in search.split(os.pathsep):
        path = start / folder / spec.command
        with suppress(OSError):
            if path.is_file() and os.access(path, os.X_OK):
                return path
    return None


def _lacking_interpreter(program: Path, spec: StdioBackend, environ: Mapping[str, str]) -> str:
    """The interpreter that a script names and that is not there; empty where all is well."""
    try:
        with program.open("rb") as opened:
            head = opened.read(_MOST_HEAD)
    except OSError:
        return ""
    if not head.startswith(b"#!"):
        return ""
    words = os.fsdecode(head[2:].split(b"\n")[0]).split()
    if not words or not _is_there(Path(words[0])):
        return words[0] if words else "an interpreter that it does not name"
    if Path(words[0]).name != "env":
        return ""
    named = next((each for each in words[1:] if not each.startswith("-") and "=" not in each), "")
    search = spec.env.get("PATH", environ.get("PATH", os.defpath)).split(os.pathsep)
    return "" if not named or any(_is_there(Path(each) / named) for each in search) else named


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
