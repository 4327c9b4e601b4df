"""A configuration of the original Argus, imported and served: clients find the tools by the names that they know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

from tests.e2e import gateway
from tests.e2e.child import ROOT
from tests.e2e.raw import MODERN, Raw

TOKEN = "t0k3n-of-the-clients-of-the-original"  # a fake
OPERATOR = "t0k3n-of-the-operator-of-the-original"
SECONDS = 60.0
ECHO = str(gateway.SERVERS / "echo.py")
FILE = f"""
version: "1"
server: {{host: 127.0.0.1, port: 9000, transport: streamable-http, management: {{token: {OPERATOR}}}}}
backends:
  notes:
    type: stdio
    command: {sys.executable}
    args: [{ECHO}]
    group: safe
    container: {{enabled: false, extra_args: [--x]}}
    filters: {{tools: {{allow: ["e*"]}}}}
    tool_overrides: {{echo: {{name: say, description: Says it again}}}}
    timeouts: {{init: 20, retries: 2}}
  my_files:
    type: stdio
    command: {sys.executable}
    args: [{ECHO}]
    container: {{enabled: false}}
    filters: {{tools: {{allow: [echo]}}}}
conflict_resolution: {{strategy: prefix}}
incoming_auth: {{type: local, token: {TOKEN}}}
plugins: {{enabled: true}}
"""


def argus(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "argus_trio", *arguments]
    home = str(folder / "home")
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": home, "XDG_CONFIG_HOME": home}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_import_check_and_serve_show_the_names_that_the_original_showed(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(FILE)
    done = argus("import", "old.yaml", "--write", "-o", "new.yaml", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "its tools are called my-files_… and not my_files_…" in done.stderr
    assert [secret for secret in (TOKEN, OPERATOR) if secret in done.stdout + done.stderr] == []
    assert (tmp_path / "argus.env").stat().st_mode & 0o777 == 0o600
    checked = argus("check", "-c", "new.yaml", folder=tmp_path)
    assert (checked.returncode, "no problems, 2 backends" in checked.stdout) == (0, True), checked.stdout
    config = yaml.safe_load((tmp_path / "new.yaml").read_text())
    assert config["conflict_resolution"] == {"strategy": "prefix", "separator": "_"}
    config["server"]["port"] = 0
    with gateway.running(config, tmp_path, arguments=("--port", "0")) as argus_now:
        assert argus_now.get("/manage/v1/backends", Authorization=f"Bearer {OPERATOR}")[0] == 200
        assert argus_now.get("/manage/v1/backends")[0] == 401
        client = Raw(argus_now.url, MODERN)
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        names = {tool["name"] for tool in client.result("tools/list")["tools"]}
        assert {"notes_say", "my-files_echo"} <= names
        assert {name for name in names if not name.startswith("notes_e")} == {"notes_say", "my-files_echo"}
        answer = client.result("tools/call", name="notes_say", arguments={"text": "still here"})
        assert answer["content"] == [{"type": "text", "text": "still here"}]


def test_a_file_that_cannot_be_imported_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text("backends:\n  a: {type: telepathy, command: x}\n")
    done = argus("import", "old.yaml", "--write", folder=tmp_path)
    assert done.returncode == 1
    assert "old.yaml:2: backends.a.type: expected stdio, sse or streamable-http, found 'telepathy'" in done.stderr
    assert not (tmp_path / "config.yaml").exists()
