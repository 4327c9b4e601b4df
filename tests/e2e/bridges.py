"""npm `supergateway` and `mcp-remote`, in each way that people use them: before server-everything, or the gateway."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path

import attrs

from tests.e2e import gateway
from tests.e2e.child import Child
from tests.e2e.gateway import Json
from tests.e2e.ports import free_port
from tests.e2e.tools import Npm, Peers

SERVER = "mcp-server-everything"
OUTPUTS = {
    "stdio-to-sse": ("sse", "--outputTransport", "sse"),
    "stdio-to-http-stateful": ("mcp", "--outputTransport", "streamableHttp", "--stateful"),
    "stdio-to-http-stateless": ("mcp", "--outputTransport", "streamableHttp"),
}
"""The ways in which supergateway serves a stdio server: the path of its endpoint, and the arguments."""


@attrs.frozen(kw_only=True)
class Bridges:
    """How the bridges are started. `folder` is where mcp-remote may keep what it knows of servers."""

    npm: Npm
    peers: Peers
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": self.npm.path, "MCP_REMOTE_CONFIG_DIR": str(self.folder)}

    def served(self, way: str, children: ExitStack) -> str:
        """Start supergateway in front of server-everything; the URL of what it serves."""
        path, *arguments = OUTPUTS[way]
        port = free_port()
        server = shlex.join([self.npm.node, self.npm.script(SERVER)])
        command = [self.npm.node, self.peers.script("supergateway"), "--stdio", server, "--port", str(port), *arguments]
        child = children.enter_context(Child(command, env=self.env))
        child.wait_for(lambda line: line if f"istening on port {port}" in line else None)
        return f"http://127.0.0.1:{port}/{path}"

    def everything(self, mode: str, children: ExitStack) -> str:
        """Start server-everything in an HTTP mode of its own; the URL of its endpoint."""
        port = free_port()
        command = [self.npm.node, self.npm.script(SERVER), mode]
        child = children.enter_context(Child(command, env={**self.env, "PORT": str(port)}))
        child.wait_for(lambda line: line if f"port {port}" in line else None)
        return f"http://127.0.0.1:{port}/{'sse' if mode == 'sse' else 'mcp'}"

    def supergateway_to(self, url: str) -> list[str]:
        """The command of a stdio server that is supergateway's client mode."""
        option = "--sse" if url.endswith("/sse") else "--streamableHttp"
        return [self.npm.node, self.peers.script("supergateway"), option, url]

    def remote_to(self, url: str) -> list[str]:
        """The command of a stdio server that is mcp-remote."""
        transport = "sse-only" if url.endswith("/sse") else "http-only"
        return [self.npm.node, self.peers.script("mcp-remote"), url, "--allow-http", "--transport", transport]

    def clients(self, url: str) -> dict[str, list[str]]:
        """Both kinds of stdio server that stand for what is at `url`."""
        return {"supergateway": self.supergateway_to(url), "mcp-remote": self.remote_to(url)}

    def as_backend(self, command: list[str]) -> Json:
        return {"type": "stdio", "command": command[0], "args": command[1:], "env": self.env}

    def backends(self, children: ExitStack) -> dict[str, Json]:
        """One backend for each way in which a bridge stands between the gateway and server-everything."""
        found: dict[str, Json] = {}
        for way in OUTPUTS:
            url = self.served(way, children)
            found[way] = gateway.sse(url) if url.endswith("/sse") else gateway.http(url)
        for mode in ("sse", "streamableHttp"):
            for bridge, command in self.clients(self.everything(mode, children)).items():
                found[f"{bridge}-to-{'sse' if mode == 'sse' else 'http'}"] = self.as_backend(command)
        return found
