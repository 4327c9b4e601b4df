"""Schemathesis finds nothing wrong with the management API of a real gateway before real backends.

It is too large to be installed for every run of the tests. Where it is installed, in an environment of its own,
`ARGUS_SCHEMATHESIS=/path/to/schemathesis pytest tests/e2e/test_schemathesis.py` runs it, `ARGUS_SCHEMATHESIS_SECONDS`
each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.child import ROOT, Child, serving
from tests.e2e.gateway import http, running, stdio

PROGRAM = os.environ.get("ARGUS_SCHEMATHESIS", "")
SECONDS = int(os.environ.get("ARGUS_SCHEMATHESIS_SECONDS", "60"))
TOKEN = "a-token-that-is-made-for-this-test-alone"
ENDLESS = ("/events/stream", "/shutdown")
"""What never ends, and what ends the gateway."""
HOOKS = '''
import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """What can be asked, and a level of the log, are for event streams, which no schema of a body can say."""
    body = case.body
    if isinstance(body, dict) and (body.get("capabilities") or body.get("log_level") is not None):
        case.headers = {**(case.headers or {}), "Accept": "text/event-stream"}
'''
SETTINGS = """
hooks = "hooks.py"
[checks.positive_data_acceptance] # 412: an If-Match that is right but old, 422: a file that is wrong
expected-statuses = ["2XX", "3XX", 401, 403, 404, 409, 412, 422, 429, 502, 503, 504]
[checks.not_a_server_error] # what backends do, or do not
expected-statuses = ["2XX", "3XX", "4XX", 502, 503, 504]
"""


@pytest.mark.skipif(not PROGRAM, reason="ARGUS_SCHEMATHESIS does not name the program")
@pytest.mark.parametrize("changes_backends", [True, False])
@pytest.mark.parametrize(("token", "seed"), [(TOKEN, 1), ("", 2)])
def test_schemathesis_finds_nothing(tmp_path: Path, token: str, seed: int, changes_backends: bool) -> None:
    (tmp_path / "hooks.py").write_text(HOOKS)
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    config = {"server": {"watch": False, "management": {"token": token} if token else {}}}
    with Child([sys.executable, "-m", "argus_trio.samples.notes"], env={"PYTHONPATH": str(ROOT)}) as notes:
        clock = {"type": "stdio", "command": sys.executable, "args": ["-m", "argus_trio.samples.clock"]}
        backends = {
            "clock": {**clock, "env": {"PYTHONPATH": str(ROOT)}},
            "notes": http(f"http://127.0.0.1:{notes.wait_for(serving)}/mcp"),
            "echo": stdio("echo.py"),
            "asking": stdio("asking/sdk.py", "stdio"),
        }
        with running({**config, "backends": backends}, tmp_path) as argus:
            url = f"{argus.url}/manage/v1"
            command = [PROGRAM, "--config-file", "schemathesis.toml", "run", f"{url}/openapi.json", "--url", url]
            command += ["--checks", "all", "--mode", "all", "--continue-on-failure", "--no-color", "--seed", str(seed)]
            command += ["--max-time", str(SECONDS), "--request-timeout", "10"]
            command += [each for path in ENDLESS for each in ("--exclude-path", path)]
            command += ["--header", f"Authorization: Bearer {token}"] if token else []
            command += [] if changes_backends else ["--exclude-path-regex", "/(drain|disable)$"]
            limit = 2 * SECONDS + 120
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=limit, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            assert not [line for line in argus.child.lines() if "_unexpectedly" in line]
