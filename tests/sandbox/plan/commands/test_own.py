"""Programs of the user's own."""

from __future__ import annotations

import shlex

import pytest

from argus_trio.sandbox.plan.commands.asked import OwnProgram
from argus_trio.sandbox.plan.commands.read import read_command

LINES = {
    "sh -c 'npx -y x'": "sh is a shell, which hides what it runs: write that as command",
    "/bin/bash server.sh": "bash is a shell",
    "cmd /c npx -y x": "cmd is a shell, which hides what it runs: write that as command, such as command: npx",
    "env A=1 npx -y x": "env hides what it runs: write that as command",
    "sudo docker run x": "sudo hides what it runs",
    "python -m mcp_server_time": "a module's name does not tell which package has it: list that of mcp_server_time",
    "python3 -u -m server": "a module's name does not tell which package has it: list that of server",
    "python server.py": "it runs a program of your own with python: list what it needs in container.packages",
    "/home/me/.venv/bin/python3.12 server.py": "it runs a program of your own with python3.12",
    "node /srv/index.js": "it runs a program of your own with node",
    "node": "it runs a program of your own with node",
    "poetry run server": "poetry runs a project of your own",
    "go run ./cmd": "go runs a project of your own",
    "dotnet run": "dotnet runs a project of your own",
    "java -jar server.jar": "java is a program of this machine, and nothing tells what it needs",
    "/usr/local/bin/github-mcp-server stdio": "github-mcp-server is a program of this machine",
    "./server": "server is a program of this machine",
    "mcp-server-time": "mcp-server-time is a program of this machine",
}


@pytest.mark.parametrize("line", LINES)
def test_a_program_of_ones_own_says_the_way_out(line: str) -> None:
    command, *words = shlex.split(line)
    found = read_command(command, tuple(words))
    assert isinstance(found, OwnProgram)
    assert found.why.startswith(LINES[line])
