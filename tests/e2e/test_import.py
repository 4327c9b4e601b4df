"""From the files of seven clients to a gateway with all their servers: import, check, serve, a client."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import trio

from tests.e2e import gateway
from tests.e2e.child import MARK, ROOT, Child
from tests.e2e.clients import connected, until_shown
from tests.e2e.gateway import SERVERS, Gateway, Json

ECHO = str(SERVERS / "echo.py")
TOKEN = "a-token-of-9f86d081884c7d65"
KEY = "sk-test-0123456789abcdefghij"
LIMIT_SECONDS = 60.0
"""What one command may take on a machine that is busy."""
NAMES = ("desk", "notes", "cur", "vsc", "wind", "gem", "zed", "web")
BEHIND: Json = {
    "middleware": [
        {
            "type": "authentication",
            "methods": [{"type": "bearer", "tokens": [{"token": TOKEN, "principal": "gateway", "roles": ["all"]}]}],
        }
    ],
    "backends": {"echo": gateway.stdio("echo.py")},
}
"""The server at an address: a gateway that wants a token."""


def echo(mark: str, **env: str) -> Json:
    return {"command": sys.executable, "args": [ECHO], "env": {MARK: mark, **env}}


def named(mark: str, name: str) -> Json:
    """One that no other is the same as."""
    return {"command": sys.executable, "args": [ECHO, "--name", name], "env": {MARK: mark}}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def fill(home: Path, mark: str, url: str) -> None:
    """The home of somebody who uses seven clients."""
    config = home / ".config"
    desk = echo(mark, DESK_TOKEN=KEY)
    write(config / "Claude" / "claude_desktop_config.json", json.dumps({"mcpServers": {"desk": desk}}))
    notes = {"type": "stdio", **named(mark, "notes")}
    write(home / ".claude.json", json.dumps({"numStartups": 3, "projects": {}, "mcpServers": {"notes": notes}}))
    web = {"url": f"{url}/mcp", "headers": {"Authorization": f"Bearer {TOKEN}"}}
    write(home / ".cursor" / "mcp.json", json.dumps({"mcpServers": {"cur": named(mark, "cur"), "web": web}}))
    vsc = {"type": "stdio", **named(mark, "vsc")}
    vsc["env"]["VSC_KEY"] = "${input:vsc-key}"
    asked = {"type": "promptString", "id": "vsc-key", "description": "The key of vsc", "password": True}
    write(config / "Code" / "User" / "mcp.json", "// mine\n" + json.dumps({"inputs": [asked], "servers": {"vsc": vsc}}))
    wind = {**named(mark, "wind"), "disabledTools": ["nothing"]}
    write(home / ".codeium" / "windsurf" / "mcp_config.json", json.dumps({"mcpServers": {"wind": wind}}))
    gem = {**named(mark, "gem"), "timeout": 30000, "trust": True}
    write(home / ".gemini" / "settings.json", json.dumps({"theme": "x", "mcpServers": {"gem": gem, "the-desk": desk}}))
    zed = json.dumps({"source": "custom", **named(mark, "zed")})
    write(config / "zed" / "settings.json", '{\n  // servers\n  "context_servers": {"zed": ' + zed + ",},\n}\n")


def run(home: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home)}
    command = [sys.executable, "-m", "argus_trio", *words]
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A home folder, and a folder to work in."""
    for name in ("home", "work", "behind"):
        (tmp_path / name).mkdir()
    return tmp_path / "home", tmp_path / "work"


def test_the_servers_of_seven_clients_are_behind_one_gateway(places: tuple[Path, Path], tmp_path: Path) -> None:
    home, work = places
    mark = uuid.uuid4().hex
    with gateway.running(BEHIND, tmp_path / "behind") as behind:
        fill(home, mark, behind.url)
        imported = run(home, work, "import", "--write")
        assert imported.returncode == 0, imported.stderr
        assert "the-desk: is the same as desk" in imported.stderr
        assert "The key of vsc" in imported.stderr
        config, env_file = work / "config.yaml", work / "argus.env"
        for secret in (TOKEN, KEY):
            assert secret not in imported.stderr + config.read_text()
            assert secret in env_file.read_text()
        assert stat.S_IMODE(env_file.stat().st_mode) == 0o600

        unset = run(home, work, "check")
        assert unset.returncode == 0, "one that lacks its key keeps no other from being served"
        assert "the variable VSC_KEY is not set" in unset.stdout
        assert config.read_text().count("enabled: false\n") == 1
        config.write_text(config.read_text().replace("    enabled: false\n", ""))
        assert run(home, work, "check").returncode == 1
        env_file.write_text(env_file.read_text().replace("#VSC_KEY=", "VSC_KEY=typed-in"))
        checked = run(home, work, "check")
        assert checked.returncode == 0, checked.stderr
        assert f"no problems, {len(NAMES)} backends" in checked.stdout

        # Bare, whatever engine this machine has: images are another test's.
        config.write_text('isolation: "off"\n' + config.read_text())
        serve(home, config, mark)


def serve(home: Path, config: Path, mark: str) -> None:
    """Every tool of every server is there, and the environment of each is what its file said."""
    command = [sys.executable, "-m", "argus_trio", "serve", "-c", str(config), "--port", "0", "--log-format", "json"]
    with Child(command, env={MARK: mark, "HOME": str(home)}) as child:
        running = Gateway(child, mark)
        for name in NAMES:
            running.event("backend_ready", backend=name)

        async def listed() -> None:
            async with connected("modern", running.url) as client:
                wanted = {f"{name}__echo" for name in NAMES if name != "web"} | {"web__echo__echo"}
                await until_shown(client, wanted)

        trio.run(listed)
        assert running.stop() == 0
