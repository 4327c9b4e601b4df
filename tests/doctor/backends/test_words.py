"""What programs say when they fail, from programs that fail for real, and from package managers as they said it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from argus_trio.doctor.backends.words import SAID, said
from tests.servers.nasty_http import Received, Wire, nasty_server

PYTHON = sys.executable

PROGRAMS = (
    ([PYTHON, "-m", "no_such_module"], "does not find the module no_such_module", ".venv/bin/python"),
    ([PYTHON, "-c", "import no_such_module"], "does not find the module no_such_module", ".venv/bin/python"),
    ([PYTHON, "/nonexistent/server.py"], "the script that it is to run is not there", "backends.it.args"),
    (
        [PYTHON, "-c", "import sys; sys.exit('Error: GITHUB_TOKEN is required')"],
        "it wants the variable GITHUB_TOKEN",
        "backends.it.env: {GITHUB_TOKEN: ${GITHUB_TOKEN}}",
    ),
    ([PYTHON, "-c", "import os; os.environ['SLACK_BOT_TOKEN']"], "it wants the variable SLACK_BOT_TOKEN", "env file"),
    (
        [PYTHON, "-c", "import sys; sys.exit('Please set the BRAVE_API_KEY environment variable')"],
        "it wants the variable BRAVE_API_KEY",
        "backends.it.env",
    ),
    (
        [PYTHON, "-c", "import argparse; p = argparse.ArgumentParser(); p.add_argument('folder'); p.parse_args()"],
        "an argument is missing: folder",
        "add it to backends.it.args",
    ),
    (
        [PYTHON, "-c", "import argparse; argparse.ArgumentParser().parse_args(['--stdoi'])"],
        "does not know an argument",
        "mend backends.it.args",
    ),
    (
        [PYTHON, "-c", "import sys; sys.exit('Usage: server <folder> [folder...]')"],
        "prints how it is to be called, and ends: server <folder> [folder...]",
        "add to backends.it.args",
    ),
    (
        [
            PYTHON,
            "-c",
            "import socket; a = socket.create_server(('127.0.0.1', 0)); socket.create_server(a.getsockname())",
        ],
        "a port that it wants is taken",
        "overlap: false",
    ),
    (
        [
            PYTHON,
            "-c",
            "import sqlite3, tempfile, os; f = os.path.join(tempfile.mkdtemp(), 'x')\n"
            "a = sqlite3.connect(f, isolation_level=None); a.execute('begin exclusive')\n"
            "sqlite3.connect(f, timeout=0).execute('create table t (x)')",
        ],
        "a lock that it wants is held",
        "overlap: false",
    ),
    (
        [PYTHON, "-c", "import socket; socket.getaddrinfo('no-such-host.invalid', 1)"],
        "does not find a host",
        "container.network",
    ),
    ([PYTHON, "-c", "raise PermissionError(13, 'Permission denied')"], "may not use a file", "container.mounts"),
    ([PYTHON, "-c", "raise OSError(30, 'Read-only file system')"], "container is read-only", "mode: rw"),
    ([PYTHON, "-c", "raise OSError(8, 'Exec format error')"], "another kind of processor", "uname -m"),
    ([PYTHON, "-c", "raise OSError(12, 'Cannot allocate memory')"], "killed, most likely for its memory", "memory: 2g"),
)


@pytest.mark.parametrize(("command", "what", "advice"), PROGRAMS)
def test_what_a_program_says_at_its_end_is_explained(command: list[str], what: str, advice: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={"PATH": "/usr/bin"})
    found = said(ended.stderr, name="it")
    assert found is not None, ended.stderr
    assert what in found.what
    assert advice in found.advice


NODE = (
    ("require('no-such-package')", "Node.js does not find a package", "npm install"),
    ("throw new Error('OPENAI_API_KEY environment variable is not set')", "the variable OPENAI_API_KEY", "env file"),
    ("require('dns').lookup('no-such-host.invalid', (e) => { throw e })", "does not find a host", "network"),
)


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")
@pytest.mark.parametrize(("code", "what", "advice"), NODE)
def test_what_node_says_at_its_end_is_explained(code: str, what: str, advice: str) -> None:
    ended = subprocess.run(["node", "-e", code], capture_output=True, text=True, timeout=60, check=False)
    found = said(ended.stderr, name="it")
    assert found is not None, ended.stderr
    assert what in found.what
    assert advice in found.advice


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")
def test_a_script_of_node_that_is_not_there_is_told_with_where_it_was_sought() -> None:
    ended = subprocess.run(["node", "/nonexistent/x.js"], capture_output=True, text=True, timeout=60, check=False)
    found = said(ended.stderr, name="it")
    assert found is not None
    assert found.what == "the script that it is to run is not there"


QUOTED = (
    (
        "npm error code E404\nnpm error 404 Not Found - GET https://registry.npmjs.org/@x%2fno-such - Not found\n"
        "npm error 404\nnpm error 404  '@x/no-such@*' is not in this registry.",
        "the npm registry has no such package",
    ),
    ("npm ERR! code E401\nnpm ERR! Incorrect or missing password.", "does not let it have the package"),
    ("npm error code ENOTFOUND\nnpm error syscall getaddrinfo", "npx does not reach the npm registry (ENOTFOUND)"),
    ("npm error code ETARGET\nnpm error notarget No matching version found for x@9.", "not that version"),
    (
        "  × No solution found when resolving tool dependencies:\n"
        "  ╰─▶ Because no-such was not found in the package registry and you require no-such, we can\n"
        "      conclude that your requirements are unsatisfiable.",
        "the Python package index has no package no-such",
    ),
    (
        "  ╰─▶ Because the current Python version (3.9.6) does not satisfy Python>=3.10 and x depends on it",
        "too old, or too new",
    ),
    ("npm warn EBADENGINE Unsupported engine {", "Node.js that runs it is too old"),
    ("Error: listen EADDRINUSE: address already in use 127.0.0.1:3000", "a port that it wants is taken"),
    ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "killed, most likely"),
    ("was killed by SIGKILL", "killed, most likely"),
    ("it was not ready within 30 s (timeouts.connect)", "it runs and says nothing for 30 s"),
    ("its image was not there within 600 s (timeouts.prepare)", "its image was not built in 600 s"),
    ("command '/x/y' is not executable", "must not be executed"),
    ("cwd '/x' cannot be entered: No such file or directory", "its folder /x is not there"),
    (
        "exited with code 1; npx's folder of it may be broken by an install that was cut off: rm -r ~/.npm/_npx/0a",
        "npx's folder of it may be broken",
    ),
    (
        "exited with code 2; uv's cache may be broken by an install that was cut off: uv cache clean",
        "uv's cache may be broken",
    ),
    ("npm error code ENOTCACHED", "npx is told to use only what it has"),
    ("exited with code 127", "its image has no such program"),
)


@pytest.mark.parametrize(("text", "what"), QUOTED)
def test_what_package_managers_and_the_gateway_say_is_explained(text: str, what: str) -> None:
    found = said(text, name="it")
    assert found is not None
    assert what in found.what
    assert re.search(r"backends\.it|rm -r|uv cache clean", found.advice)


def test_what_nobody_knows_is_not_explained() -> None:
    assert said("exited with code 1", name="it") is None


def test_each_row_can_be_told_whatever_its_pattern_has_found() -> None:
    for row in SAID:
        values = dict.fromkeys(row.pattern.groupindex, "x")
        assert row.what.format(at="backends.it", name="it", **values)
        assert row.advice.format(at="backends.it", name="it", **values)


@pytest.mark.skipif(shutil.which("npx") is None, reason="there is no npx")
@pytest.mark.parametrize(
    ("status", "what"),
    [(404, "the npm registry has no such package"), (401, "the npm registry does not let it have the package")],
)
async def test_what_npx_says_of_a_registry_that_refuses_is_explained(tmp_path: Path, status: int, what: str) -> None:
    async def refuse(_: Received, wire: Wire) -> None:
        await wire.json(b'{"error": "refused"}', status=status)

    async with nasty_server(refuse) as registry:
        ended = await _npx(tmp_path, registry.origin)
    found = said(ended, name="it")
    assert found is not None, ended
    assert found.what == what


@pytest.mark.skipif(shutil.which("npx") is None, reason="there is no npx")
async def test_what_npx_says_of_a_registry_that_is_not_there_is_explained(tmp_path: Path) -> None:
    ended = await _npx(tmp_path, "http://127.0.0.1:9")
    found = said(ended, name="it")
    assert found is not None, ended
    assert found.what == "npx does not reach the npm registry (ECONNREFUSED)"


async def _npx(home: Path, registry: str) -> str:
    """What npx says at its end when it is to run a package of this registry."""
    settings = {"npm_config_registry": registry, "npm_config_fetch_retries": "0", "npm_config_update_notifier": "false"}
    with trio.fail_after(60):
        ended = await trio.run_process(
            ["npx", "-y", "no-such-package-of-the-doctor"],
            capture_stderr=True,
            capture_stdout=True,
            check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "CI": "1", **settings},
        )
    assert ended.returncode
    text: str = ended.stderr.decode()
    return text
