"""`argus-trio demo`: the gateway in front of the two sample servers, without configuration and without network.

The notes server stands for a remote one: it runs as a process of its own, and the gateway only knows its address.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import Final

import trio

from argus_trio.app import run_gateway
from argus_trio.backends.process.process import BackendProcess, start_process
from argus_trio.config.model.backend import HttpBackend, StdioBackend
from argus_trio.config.model.config import Config
from argus_trio.config.model.container import Container
from argus_trio.config.model.server import Server
from argus_trio.errors import LinkFailed, ListenFailed
from argus_trio.net.service_nursery import ServiceNursery

START_SECONDS: Final = 30.0
"""How long the notes server has to start."""

_CLOCK: Final = StdioBackend(
    name="clock",
    command=sys.executable,
    args=("-m", "argus_trio.samples.clock"),
    container=Container(isolation="off"),  # ours, and no package on any index
)
_NOTES: Final = StdioBackend(name="notes", command=sys.executable, args=("-m", "argus_trio.samples.notes"))

WELCOME: Final = """\
Argus is listening: one endpoint in front of two sample servers.

  clock   a stdio server, a child process of the gateway
  notes   a Streamable HTTP server on 127.0.0.1:{notes_port}

Give this to an MCP client that reads "mcpServers":

  {{"mcpServers": {{"argus": {{"type": "http", "url": "{url}/mcp"}}}}}}

or add it from a shell:

  claude mcp add --transport http argus {url}/mcp
  npx -y @modelcontextprotocol/inspector --cli {url}/mcp --transport http --method tools/list

Clients of the older HTTP+SSE transport use {url}/sse
Health is at {url}/manage/v1/health

Stop with Ctrl-C.
"""


async def run_demo(port: int) -> None:
    """Serve the samples on 127.0.0.1:`port` until a signal says stop.

    Raises:
        ListenFailed: the port is taken.
        LinkFailed: the notes server did not start.
    """
    async with start_process(_NOTES, os.environ) as child, ServiceNursery() as nursery:
        nursery.start_soon(child.watch)
        notes_port = await _port_of(child)
        config = Config(
            server=Server(port=port),
            backends={
                "clock": _CLOCK,
                "notes": HttpBackend(name="notes", url=f"http://127.0.0.1:{notes_port}/mcp"),
            },
        )
        try:
            await run_gateway(config, on_listening=partial(_welcome, notes_port))
        except ListenFailed as failure:
            raise ListenFailed(failure.address, failure.reason, "choose another port with --port") from None


def _welcome(notes_port: int, urls: Sequence[str]) -> None:
    sys.stdout.write(WELCOME.format(url=urls[0], notes_port=notes_port))
    sys.stdout.flush()


async def _port_of(notes: BackendProcess) -> int:
    """The port that the notes server says it listens on: its first line is `listening PORT`."""
    said = b""
    with trio.move_on_after(START_SECONDS):
        while b"\n" not in said:
            chunk = await notes.stdout.receive()
            if not chunk:
                raise LinkFailed("the notes server ended before it listened")
            said += chunk
        word, _, number = said.decode("ascii", "replace").strip().partition(" ")
        if word == "listening" and number.isdecimal():
            return int(number)
    raise LinkFailed(f"the notes server did not say where it listens within {START_SECONDS:g} s")
