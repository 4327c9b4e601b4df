"""How far a call has to go: the functions that one modern `tools/call` to a stdio backend enters."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_FUNCTIONS = 108
MOST_FILES = 44
"""HTTP/1.1 with the client is among them, which no library does any more."""


def test_a_modern_call_to_a_stdio_backend_enters_few_functions_in_few_files() -> None:
    command = [sys.executable, "-m", "bench.trace_call", "--list"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r"(\d+) functions in (\d+) files\s*$", run.stdout)
    assert found is not None, run.stdout + run.stderr
    assert int(found[1]) <= MOST_FUNCTIONS, run.stdout
    assert int(found[2]) <= MOST_FILES, run.stdout
