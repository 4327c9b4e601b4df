"""Published servers and clients for the tests, at pinned versions, installed once into .cache/ of the project.

npm's `node` package brings the Node that they need, whatever the machine has. Installing takes half a minute.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

from tests.e2e.child import ROOT

NODE = {"node": "22.23.3"}
PACKAGES = {
    "@modelcontextprotocol/server-everything": "2026.8.31",
    "@modelcontextprotocol/server-filesystem": "2026.8.31",
    "@modelcontextprotocol/server-memory": "2026.8.31",
    "@modelcontextprotocol/inspector": "2.12.0",
    "@modelcontextprotocol/conformance": "0.2.0-alpha.12",
    "@modelcontextprotocol/sdk": "1.32.2",
}
PEERS = {
    "@modelcontextprotocol/sdk": "1.32.2",
    "@modelcontextprotocol/server": "2.4.0",
    "@modelcontextprotocol/node": "2.1.2",
    "@modelcontextprotocol/express": "2.0.2",
    "express": "5.3.0",
    "cors": "2.8.6",
    "zod": "4.6.7",
    "supergateway": "4.0.0",
    "mcp-remote": "0.15.1",
}
"""The TypeScript SDK, both of its majors and what a server made with it needs; and the bridges that people use."""
PYTHON = ("mcp-server-time==2026.10.19", "mcp-server-git==2026.10.19")
UV = "uv==0.13.9"
SDKS = {
    "mcp-1": "mcp==1.30.0",
    "fastmcp-2": "fastmcp==2.14.7",
    "fastmcp-3": "fastmcp==3.4.11",
    "fastmcp-4": "fastmcp==4.2.3",
}
"""Python SDKs beside the one that runs the tests, each in an environment of its own."""
INSTALL_SECONDS = 300.0
PATIENCE = ("--fetch-retries=2", "--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=8000")


class Unavailable(Exception):
    """A package cannot be installed here; the message says why."""


def cached(kind: str, pins: object, install: Callable[[Path], None]) -> Path:
    """The folder of .cache/ that holds exactly these pins, installed by whoever comes first. Raises: Unavailable."""
    key = hashlib.sha256(json.dumps(pins, sort_keys=True).encode()).hexdigest()[:12]
    folder = ROOT / ".cache" / f"{kind}-{key}"
    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several environments of one CI run come here at the same time
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            install(folder)
            (folder / "complete").touch()
    return folder


def ran(command: list[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Unavailable(f"{command[0]}: {problem}") from problem
    if done.returncode:
        last_words = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise Unavailable(f"{' '.join(command)}: status {done.returncode}\n{last_words}")


def npm_install(folder: Path, pins: Mapping[str, str], env: Mapping[str, str] | None = None) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("there is no npm in PATH")
    folder.mkdir(exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": pins}))
    ran([npm, "install", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error", *PATIENCE], folder, env)


def node_path(folder: Path) -> str:
    return f"{folder / 'node' / 'node_modules' / 'node' / 'bin'}{os.pathsep}{os.environ['PATH']}"


def install_npm(folder: Path) -> None:
    npm_install(folder / "node", NODE)
    # With the new Node first in PATH, or npm checks the packages' demands against the machine's.
    npm_install(folder / "packages", PACKAGES, {**os.environ, "PATH": node_path(folder)})


def install_python(folder: Path, pins: tuple[str, ...] = PYTHON) -> None:
    ran([sys.executable, "-m", "venv", "venv"], folder)
    python = str(folder / "venv" / "bin" / "python")
    ran([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins], folder)


def python_everything() -> Path:
    """The folder from which `mcp_everything_server` is imported: the server that the MCP Python SDK is tested with.

    It is on no index, but in the SDK's source distribution; that of the SDK that runs the tests. Raises: Unavailable.
    """
    pin = f"mcp=={version('mcp')}"

    def install(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        ran([*pip, "--no-deps", "--no-binary", "mcp", pin], folder)
        (archive,) = folder.glob("mcp-*.tar.gz")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        (server,) = folder.glob("mcp-*/examples/servers/everything-server/mcp_everything_server")
        server.rename(folder / server.name)

    return cached("everything", [pin], install)


class Npm:
    """The npm packages. `node` is the interpreter; `script` the entry of a package by its command's name."""

    def __init__(self) -> None:
        folder = cached("npm", [NODE, PACKAGES], install_npm)
        self.path = node_path(folder)
        self.node = str(folder / "node" / "node_modules" / "node" / "bin" / "node")
        self.packages = folder / "packages"
        self._bin = self.packages / "node_modules" / ".bin"

    def module(self, path: str) -> str:
        """The path of a module below node_modules, to import it by."""
        return str((self._bin.parent / path).resolve(strict=True))

    def script(self, command: str) -> str:
        return str((self._bin / command).resolve(strict=True))


class Python:
    """The PyPI packages, in an environment of their own: what they depend on is not what we depend on."""

    def __init__(self) -> None:
        if shutil.which("git") is None:
            raise Unavailable("mcp-server-git needs git, and there is none in PATH")
        self._bin = cached("pypi", [PYTHON, sys.version_info[:2]], install_python) / "venv" / "bin"

    def command(self, name: str) -> str:
        return str(self._bin / name)


class Peers:
    """The npm packages with which servers are made and bridged; they run in the Node of `npm`."""

    def __init__(self, npm: Npm) -> None:
        self.node = npm.node
        self.path = npm.path
        env = {**os.environ, "PATH": npm.path}
        self._folder = cached("npm-peers", [NODE, PEERS], lambda folder: npm_install(folder, PEERS, env))

    def script(self, command: str) -> str:
        return str((self._folder / "node_modules" / ".bin" / command).resolve(strict=True))

    def placed(self, source: str, suffix: str = ".mts") -> str:
        """A program with this source beside the packages, where Node finds what it imports; its path."""
        path = self._folder / (hashlib.sha256(source.encode()).hexdigest()[:12] + suffix)
        if not path.exists():
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_text(source)
            draft.replace(path)  # another run of the tests may do the same at this time
        return str(path)


class Uv:
    """uv and uvx, and environments of Python SDKs that they make."""

    def __init__(self) -> None:
        def install(folder: Path) -> None:
            ran([sys.executable, "-m", "venv", "venv"], folder)
            python = str(folder / "venv" / "bin" / "python")
            ran([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV], folder)

        self._bin = cached("uv", [UV, sys.version_info[:2]], install) / "venv" / "bin"

    def command(self, name: str) -> str:
        return str(self._bin / name)

    def python_with(self, sdk: str) -> str:
        """An interpreter that has this one of `SDKS`. Raises: Unavailable."""

        def install(folder: Path) -> None:
            uv = self.command("uv")
            ran([uv, "venv", "--quiet", "--python", sys.executable, "venv"], folder)
            ran([uv, "pip", "install", "--quiet", "--python", "venv/bin/python", SDKS[sdk]], folder)

        return str(cached(sdk, [SDKS[sdk], sys.version_info[:2]], install) / "venv" / "bin" / "python")
