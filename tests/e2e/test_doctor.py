"""The ten faults that users meet most, seeded: the doctor names each, with what to do."""

from __future__ import annotations

import json
import os
import socket
import sys
from functools import partial
from pathlib import Path

import pytest
import trio

from argus_trio.doctor.machine.look_at_caches import npx_folder
from tests.doctor.patient import Patient, Told, echo, half_there, listener, program
from tests.e2e import gateway
from tests.servers.certificates import make_authority
from tests.servers.nasty_http import Received, Wire, nasty_server

pytestmark = pytest.mark.e2e

LONG_NAME = "a_tool_with_a_name_that_says_far_too_much_of_what_it_does_for_whom"
SERVER = f"""
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    tool = {{"name": "{LONG_NAME}", "inputSchema": {{"type": "object"}}}}
    answers = {{
        "initialize": {{
            "protocolVersion": "2025-11-25",
            "capabilities": {{"tools": {{}}}},
            "serverInfo": {{"name": "l", "version": "1"}},
        }},
        "tools/list": {{"tools": [tool]}},
        "ping": {{}},
    }}
    if "id" in asked:
        known = answers.get(asked["method"])
        said = {{"result": known}} if known is not None else {{"error": {{"code": -32601, "message": "unknown"}}}}
        print(json.dumps({{"jsonrpc": "2.0", "id": asked["id"], **said}}), flush=True)
"""


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(folder=tmp_path)


def test_what_keeps_the_file_and_the_machine_from_serving_is_found_at_once(patient: Patient) -> None:
    npx = program(patient.folder / "npx")
    folder = npx_folder(patient.home / ".npm", ["server-filesystem"])
    half_there(folder)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(patient.folder / "left.sock"))
    backends = {
        "gone": {"type": "stdio", "command": "no-such-program-anywhere", "container": {"isolation": "off"}},
        "cached": {
            "type": "stdio",
            "command": str(npx),
            "args": ["-y", "server-filesystem", "/tmp"],
            "container": {"isolation": "off"},
        },
        "secret": {**echo(), "env": {"TOKEN": "${TOKEN_OF_NOBODY}"}, "container": {"isolation": "off"}},
        "contained": {"type": "stdio", "command": "uvx", "args": ["mcp-server-time"]},
    }
    with listener() as port:
        patient.write({"isolation": "required", "server": {"port": port}, "backends": backends})
        told = patient.examined(DOCKER_HOST=f"unix://{patient.folder}/left.sock")
    assert told.code == 1
    assert f"(pid {os.getpid()})" in told.about(f"port {port}")["what"]
    assert "no-such-program-anywhere" in told.about("gone")["what"]
    assert f"rm -rf {folder}" in told.about("cached")["advice"]
    assert "its engine does not run" in told.about("container engine")["what"]
    (unset,) = [each for each in told.findings if "TOKEN_OF_NOBODY" in each["what"]]
    assert unset["severity"] == "problem"
    assert "TOKEN_OF_NOBODY=" in unset["advice"]


async def test_why_backends_are_not_ready_is_found_by_starting_them(patient: Patient) -> None:
    behind, served = patient.folder / "behind", make_authority(patient.folder)[1]
    behind.mkdir()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/mcp"
    async with nasty_server(_silent, tls=served) as private:
        with gateway.running({"isolation": "off", "backends": {"echo": echo()}}, behind) as argus:
            backends = {
                "unreachable": {"type": "streamable-http", "url": nowhere},
                "transport": {"type": "sse", "url": f"{argus.url}/mcp"},
                "untrusted": {"type": "streamable-http", "url": private.url},
                "named": {"type": "stdio", "command": sys.executable, "args": ["-c", SERVER]},
            }
            patient.write({"backends": backends})
            examined = partial(patient.examined, "--wait", "40", starts=True)
            told: Told = await trio.to_thread.run_sync(examined)
    assert told.code == 1
    assert "nothing listens" in told.about("unreachable")["what"]
    assert told.about("transport")["advice"] == "write backends.transport.type: streamable-http"
    assert "is not trusted (issued by the test authority)" in told.about("untrusted")["what"]
    (named,) = [each for each in told.findings if LONG_NAME in each["what"]]
    assert "tool_overrides" in named["advice"]
    assert json.loads(told.out)["path"] == str(patient.file)


def test_two_gateways_on_one_file_are_found(patient: Patient) -> None:
    config = {"isolation": "off", "backends": {}}
    with (
        gateway.running(config, patient.folder, ready=False) as one,
        gateway.running(config, patient.folder, ready=False) as two,
    ):
        found = patient.examined().about("config.yaml")
    assert all(f"(pid {each.child.process.pid})" in found["what"] for each in (one, two))
    assert "kill" in found["advice"]


async def _silent(_received: Received, _wire: Wire) -> None:
    """Nobody comes as far as to be answered."""
