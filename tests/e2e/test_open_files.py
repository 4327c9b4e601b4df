"""The gateway takes as many files as it may have; its backends get the soft limit that it was started with."""

from __future__ import annotations

from pathlib import Path

from tests.e2e import gateway
from tests.e2e.child import marked

SOFT, HARD = 700, 1500
LAUNCHER = ("sh", "-c", f'ulimit -Sn {SOFT}; ulimit -Hn {HARD}; exec "$@"', "sh")


def open_files(pid: int) -> list[int]:
    """The soft and the hard limit of a process."""
    (line,) = [line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "open files" in line]
    return [int(word) for word in line.split() if word.isdecimal()]


def test_the_limit_of_open_files_is_raised_for_the_gateway_and_not_for_its_backends(tmp_path: Path) -> None:
    config = {"backends": {"echo": gateway.stdio("echo.py")}}
    with gateway.running(config, tmp_path, arguments=("--log-level", "debug"), launcher=LAUNCHER) as argus:
        (backend,) = [pid for pid, command in marked(argus.mark).items() if "echo.py" in command]
        assert open_files(argus.child.pid) == [HARD, HARD]
        assert open_files(backend) == [SOFT, HARD]
        argus.event("open_files_raised", limit=HARD, before=SOFT, backends_get=SOFT)
