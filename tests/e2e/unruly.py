"""Random unruly backends for the tests of cycles, and what is left of them, counted in the table of processes."""

from __future__ import annotations

import os
import random
import shlex
import sys
from pathlib import Path

import attrs

from argus_trio.config.model.backend import StdioBackend
from tests.backends.support.held import Held
from tests.e2e.child import MARK
from tests.e2e.gateway import SERVERS, Json
from tests.servers.unruly import AT_START, HELD, ON_CALL

WRAPPERS = ("", "", "sh", "sh-and-more")
"""Most start directly; a shell replaces itself for its last command, unless there is more to do after it."""


@attrs.frozen(kw_only=True)
class Unruly:
    """One backend: where it is found, how it behaves, and what starts it."""

    mark: str
    traits: tuple[str, ...]
    wrapper: str = ""

    @property
    def argv(self) -> tuple[str, ...]:
        argv = (sys.executable, "-I", "-S", str(SERVERS / "unruly.py"), self.mark, *self.traits)
        match self.wrapper:
            case "":
                return argv
            case "sh":
                return ("sh", "-c", 'exec "$@"', "sh", *argv)
            case "sh-and-more":
                return ("sh", "-c", f"{shlex.join(argv)}; exit $?")
            case node:
                # As npx and uvx do: stay as the parent, hand the pipes on, and leave with the child's status.
                script = "const c=require('child_process').spawn(process.argv[1],process.argv.slice(2),"
                script += "{stdio:'inherit'});c.on('exit',(code)=>process.exit(code??1))"
                return (node, "-e", script, *argv)

    def spec(self, held: Held | None = None) -> StdioBackend:
        # The name stands in the keeper's arguments, so that keepers are counted too.
        command, *args = self.argv
        env = {MARK: self.mark} if held is None else {MARK: self.mark, HELD: str(held.path)}
        return StdioBackend(name=self.mark, command=command, args=tuple(args), env=env, protocol="legacy")

    def config(self) -> Json:
        command, *args = self.argv
        return {
            "type": "stdio",
            "command": command,
            "args": args,
            "protocol": "legacy",
            "timeouts": {"connect": 5, "call": 0.5},
        }


def any_unruly(chance: random.Random, mark: str, wrapper: str | None = None) -> Unruly:
    """One that `chance` makes up."""
    traits = chance.sample(sorted(AT_START), k=chance.choice((0, 1, 1, 2)))
    traits.append(chance.choice(sorted(ON_CALL)))
    traits += [trait for trait in ("mute", "crashes-at-once") if chance.random() < 0.07]
    traits += ["stays"] if chance.random() < 0.2 else []
    return Unruly(mark=mark, traits=tuple(traits), wrapper=chance.choice(WRAPPERS) if wrapper is None else wrapper)


def found(mark: str) -> dict[int, str]:
    """The processes, zombies left out, in whose arguments or environment the mark stands."""
    processes: dict[int, str] = {}
    for pid in os.listdir("/proc"):  # noqa: PTH208 - it is looked at hundreds of times, and pathlib takes most of that
        if pid.isdigit() and mark.encode() in (line := read(pid, "cmdline")) + read(pid, "environ"):
            processes[int(pid)] = line.replace(b"\0", b" ").decode(errors="replace")
    return processes


def read(pid: str, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 - as above
            return file.readall()
    except OSError:
        return b""  # it ended while we looked, or is somebody else's


def children(of: int) -> dict[int, str]:
    """The children of a process, and the state that each is in; `Z` is a zombie."""
    states: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, *_ = (folder / "stat").read_text(errors="replace").rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == of:
            states[int(folder.name)] = state
    return states


def descriptors(of: int) -> int:
    return len(list(Path(f"/proc/{of}/fd").iterdir()))


def resident_kib(of: int) -> int:
    """Resident memory, file pages included."""
    return int(Path(f"/proc/{of}/statm").read_text().split()[1]) * 4
