"""The command `argus-trio doctor` as a process of its own, with a home folder and an environment of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs

from tests.e2e.child import ROOT

DOCTOR_SECONDS = 60.0
"""How long a whole examination may take, on a busy machine."""
ECHO = ROOT / "tests" / "servers" / "echo.py"


@attrs.frozen(kw_only=True)
class Told:
    """What it told."""

    code: int
    out: str
    err: str

    @property
    def findings(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(self.out)["findings"]
        return found

    def about(self, name: str) -> dict[str, str]:
        """The one finding about something."""
        (found,) = [each for each in self.findings if each["about"] == name]
        return found


@attrs.frozen(kw_only=True)
class Patient:
    """A machine, as far as a test makes one up."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def file(self) -> Path:
        return self.folder / "config.yaml"

    def environ(self, **more: str) -> dict[str, str]:
        (self.home / "tmp").mkdir(parents=True, exist_ok=True)
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.home / "tmp")}
        return {**kept, "PYTHONPATH": str(ROOT), **more}

    def write(self, config: Mapping[str, object], mode: int = 0o600) -> None:
        """Write the configuration; isolation is off unless it says otherwise."""
        server = {"port": 0}
        self.file.write_text(json.dumps({"version": "1", "isolation": "off", "server": server, **config}))
        self.file.chmod(mode)

    def examined(self, *words: str, starts: bool = False, **environ: str) -> Told:
        """The findings, as JSON."""
        return self.told("--json", "-c", str(self.file), *words, *(() if starts else ("--no-start",)), **environ)

    def told(self, *words: str, **environ: str) -> Told:
        ran = subprocess.run(
            [sys.executable, "-m", "argus_trio", "doctor", *words],
            cwd=self.folder,
            env=self.environ(**environ),
            capture_output=True,
            text=True,
            timeout=DOCTOR_SECONDS,
            check=False,
        )
        return Told(code=ran.returncode, out=ran.stdout, err=ran.stderr)


def echo() -> dict[str, object]:
    """A backend that is well."""
    return {"type": "stdio", "command": sys.executable, "args": [str(ECHO)]}


@contextmanager
def listener() -> Iterator[int]:
    """A port that this process holds."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def half_there(folder: Path) -> None:
    """An install as npm leaves it that was killed: a package is moved away, its commands lead to nothing."""
    modules = folder / "node_modules"
    (modules / ".server-filesystem-AbCd1234").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"dependencies": {"server-filesystem": "^1.0.0"}}))
