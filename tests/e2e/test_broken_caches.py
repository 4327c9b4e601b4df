"""A package that an install left half there: what Node and the shell say of it, and the way out in the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e import gateway
from tests.e2e.gateway import Gateway
from tests.e2e.raw import LEGACY, Raw
from tests.e2e.tools import Npm

HALF_THERE = {
    "index.cjs": "const zod = require('zod')",
    "index.mjs": "import zod from 'zod'",
    "file.mjs": "import './tools.mjs'",
}


def reason_of(argus: Gateway, name: str) -> str:
    _, body = argus.get("/manage/v1/backends")
    return next(str(backend["reason"]) for backend in body["backends"] if backend["name"] == name)


@pytest.mark.parametrize("file", HALF_THERE)
def test_a_package_of_npx_that_is_half_there_is_told_with_the_folder_to_delete(
    npm: Npm, tmp_path: Path, file: str
) -> None:
    folder = tmp_path / "npm" / "_npx" / "15b07286cbcc3329"
    package = folder / "node_modules" / "server"
    package.mkdir(parents=True)
    (package / file).write_text(HALF_THERE[file])
    half = {"type": "stdio", "command": npm.node, "args": [str(package / file)]}
    with gateway.running({"backends": {"half": half}}, tmp_path, ready=False) as argus:
        told = str(argus.event("backend_down", backend="half")["reason"])
        assert told.startswith("exited with code 1")
        assert told.count(f"rm -r {folder}") == 1
        assert f"rm -r {folder}" in reason_of(argus, "half")
        refusal = Raw(argus.url, LEGACY).error("tools/call", name="half__x", arguments={})
        assert f"rm -r {folder}" in json.dumps(refusal)


def test_a_command_that_the_shell_of_npx_does_not_find_is_told_with_both_reasons_it_may_have(tmp_path: Path) -> None:
    npx = tmp_path / "npx"
    npx.write_text("#!/bin/sh\nexec sh -c mcp-server-nowhere\n")
    npx.chmod(0o755)
    with gateway.running(
        {"backends": {"gone": {"type": "stdio", "command": str(npx)}}}, tmp_path, ready=False
    ) as argus:
        told = str(argus.event("backend_down", backend="gone")["reason"])
    assert "npm cache npx rm" in told
    assert "the package has no such command" in told
