"""The place where commands of the pages are run: a home, the files that they name, and one gateway for all of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from tests.docs.support.blocks import all_blocks
from tests.docs.support.pages import ROOT
from tests.e2e.gateway import SERVERS, Gateway, Json, running, stdio
from tests.e2e.ports import free_port

BLOCK_SECONDS = 60.0
"""What the commands of one block may take together; far above all of them."""
GATEWAY: Json = {
    "isolation": "off",
    "backends": {
        "time": stdio("named.py", "time"),
        "files": stdio("named.py", "filesystem"),
        "search": stdio("named.py", "search", prefix=""),
        "github": stdio("named.py", "github"),
        "tickets": stdio("named.py", "tickets"),
    },
    "views": {"safe": {"backends": ["files"]}, "ops": {}},
}
"""The configuration of the gateway that is asked where a block starts none itself."""
TOKEN = "of-a-test-0123456789abcdef"
GUARDED: Json = {
    "isolation": "off",
    "server": {"management": {"socket": "auto", "token": TOKEN}},
    "backends": {"files": GATEWAY["backends"]["files"]},
    "views": GATEWAY["views"],
}
"""That of the gateway which blocks reach at its Unix socket, or with a token."""
CLIENT: Json = {
    "time": {"command": "uvx", "args": ["mcp-server-time"]},
    "github": {"command": "npx", "args": ["-y", "server-github"], "env": {"GITHUB_TOKEN": TOKEN}},
}
"""The servers of a client's file, for commands that read those."""
STARTED = ("npx", "uvx")
"""Programs that stand for the servers which they would download."""


@attrs.frozen(kw_only=True)
class Ended:
    """What a block came to."""

    code: int
    out: str
    err: str


@attrs.frozen(kw_only=True)
class Place:
    """A folder for everything, and the gateways: one that lets everybody in, and one that asks who they are."""

    folder: Path
    gateway: Gateway
    guarded: Gateway

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("LANG", "DOCKER_HOST", "VIRTUAL_ENV") if name in os.environ}
        home = self.folder / "home"
        return {
            **kept,
            "HOME": str(home),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "PAGES_STARTED": str(self.folder / "started"),
            "TICKETS_TOKEN": TOKEN,
            "NO_COLOR": "1",
        }

    def settled(self, text: str, port: int | None) -> str:
        """A command line or a script of a page with the addresses and folders of this place; `port` is that of the
        gateway which the block starts itself, if it does."""
        url = f"http://127.0.0.1:{port}" if port else self.gateway.url
        socket = self.folder / "run" / "argus-trio" / f"argus-trio-{self.guarded.url.rpartition(':')[2]}.sock"
        for shown, meant in (
            ("http://127.0.0.1:9000", url),
            ("https://gateway.example.com", self.guarded.url),
            ("$XDG_RUNTIME_DIR/argus-trio/argus-trio-9000.sock", str(socket)),
            ("/run/argus-trio/argus-trio-9000.sock", str(socket)),
            ("/run/argus-trio/argus-trio.sock", str(socket)),
            ("/etc/argus-trio", str(self.folder / "etc")),
            ("/srv/", f"{self.folder}/srv/"),
        ):
            text = text.replace(shown, meant)
        return text

    def run(self, lines: Sequence[str], *, page: str = "README.md", serves: bool = False) -> Ended:
        """Run lines of a page, where its configuration is, as one script of bash that ends with the first line that
        fails, and says which it is."""
        port = free_port() if serves else None
        url = f"http://127.0.0.1:{port}" if port else self.gateway.url
        script = "\n".join(self.settled(line, port) for line in lines)
        prelude = f"set -e\ntrap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\nfpath=(- {self.folder / 'home'})\n"
        environ = {**self.environ, "ARGUS_URL": url, "PAGES_PORT": str(port or 0)}
        try:
            done = subprocess.run(
                ["bash", "-c", prelude + script],
                cwd=self.at_work(page),
                env=environ,
                capture_output=True,
                text=True,
                timeout=BLOCK_SECONDS,
                stdin=subprocess.DEVNULL,
            )
        finally:
            self._end_what_was_started()
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def at_work(self, page: str) -> Path:
        """The current folder of the commands of a page, with its configuration."""
        work = self.folder / "work"
        (work / "config.yaml").write_text(whole_of(page).replace("https://tickets.example.com", self.guarded.url))
        return work

    def _end_what_was_started(self) -> None:
        path = self.folder / "started"
        if not path.exists():
            return
        for pid in path.read_text().split():
            os.kill(int(pid), signal.SIGTERM)
        path.unlink()


@contextmanager
def at_a_place(folder: Path) -> Iterator[Place]:
    """Furnish a folder, and run the gateway."""
    _furnish(folder)
    runtime = {"XDG_RUNTIME_DIR": str(folder / "run"), "HOME": str(folder / "home")}
    for name in ("gateway", "guarded"):
        (folder / name).mkdir()
    with (
        running(GUARDED, folder / "guarded", ready=(), env=runtime) as guarded,
        running(GATEWAY, folder / "gateway", env=runtime) as gateway,
    ):
        yield Place(folder=folder, gateway=gateway, guarded=guarded)


def _furnish(folder: Path) -> None:
    home, work, etc = folder / "home", folder / "work", folder / "etc"
    for each in (
        *(home / ".local/share/bash-completion/completions", home / ".config/fish/completions"),
        *(home / ".config/argus-trio", folder / "run", folder / "bin", work, etc / "credentials"),
        folder / "srv" / "documents",
    ):
        each.mkdir(parents=True)
    (folder / "run").chmod(0o700)
    (home / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\nmax-time = 20\n")
    _program(folder / "bin" / "argus-trio", f'"{sys.executable}" -m tests.docs.support.stand_in "$@"')
    for name in STARTED:
        _program(folder / "bin" / name, f'"{sys.executable}" "{SERVERS / "named.py"}" "$@"')
    _secret(home / ".config/argus-trio/gateway.token")
    _secret(etc / "credentials" / "tickets-token")
    (folder / "srv" / "notes.txt").write_text("a note\n")
    (work / "arguments.json").write_text('{"terms": ["a"]}')
    shutil.copytree(ROOT / "conf", work / "conf")
    shutil.copy(ROOT / "conf" / "secured.yaml", work)
    (etc / "config.yaml").write_text(whole_of("docs/systemd.md"))
    for folder_of_client in (home / ".cursor", work / ".cursor"):
        folder_of_client.mkdir()
        (folder_of_client / "mcp.json").write_text(json.dumps({"mcpServers": CLIENT}))


def whole_of(page: str) -> str:
    """The first whole configuration that a page shows, else that of README.md."""
    whole = re.compile("^version:", re.MULTILINE)
    shown = {each.page: each.text for each in reversed(all_blocks("yaml")) if whole.search(each.text)}
    return shown.get(page, shown["README.md"])


def _program(path: Path, command: str) -> None:
    path.write_text(f"#!/bin/sh\nexec {command}\n")
    path.chmod(0o755)


def _secret(path: Path) -> None:
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
