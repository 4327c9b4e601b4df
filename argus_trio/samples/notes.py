"""A sample MCP server on Streamable HTTP: notes in memory. `python -m argus_trio.samples.notes --port 0`

Written with the MCP Python SDK, served by Hypercorn on trio, on 127.0.0.1 only; prints `listening PORT` when it does.
`argus-trio demo` puts it behind the gateway; it is no part of the gateway.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import hypercorn.trio
import trio
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.server.mcpserver.resources import FunctionResource
from mcp_types import ToolAnnotations

server = MCPServer(
    "notes",
    title="Notes",
    instructions="Keep short notes, list and search them. They live as long as this server does.",
    version="1.0.0",
    log_level="WARNING",
)

LOOKING_ONLY = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
ADDING = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
GRACE_SECONDS = 1.0
"""How long open streams may take to end after a stop: short, for a demo that is stopped should be gone at once."""


@dataclass(frozen=True)
class Note:
    """One note. `uri` names the resource by which it can be read."""

    id: int
    title: str
    text: str
    uri: str


notes: dict[int, Note] = {}
ids = itertools.count(1)


def keep(title: str, text: str) -> Note:
    """Store a note and list it as a resource."""
    number = next(ids)
    note = notes[number] = Note(id=number, title=title, text=text, uri=f"note://{number}")
    server.add_resource(
        FunctionResource(
            uri=note.uri, name=f"note-{number}", title=title, mime_type="text/plain", fn=partial(read, str(number))
        )
    )
    return note


@server.tool(title="Add a note", annotations=ADDING)
async def add_note(title: str, text: str, context: Context) -> Note:
    """Keep a note; it can be read later under its uri."""
    note = keep(title, text)
    await context.session.send_resource_list_changed()
    return note


@server.tool(title="List notes", annotations=LOOKING_ONLY)
def list_notes() -> list[Note]:
    """All notes, oldest first."""
    return list(notes.values())


@server.tool(title="Search notes", annotations=LOOKING_ONLY)
def search(words: str) -> list[Note]:
    """Notes whose title or text holds every one of the words, whatever their case."""
    wanted = words.casefold().split()
    return [note for note in notes.values() if all(word in f"{note.title} {note.text}".casefold() for word in wanted)]


@server.resource("note://{id}", title="A note", mime_type="text/plain")
def read(id: str) -> str:  # noqa: A002  the template's variable is the parameter's name
    """The text of one note by its number."""
    note = notes.get(int(id)) if id.isdecimal() else None
    if note is None:
        raise ResourceNotFoundError(f"there is no note {id}")
    return f"{note.title}\n\n{note.text}\n"


@server.prompt(title="Summarise the notes")
def summarise(style: str = "three bullet points") -> str:
    """Sum up everything that is noted."""
    return f"List the notes with the notes server's tools, then sum them up as {style}. Name the notes you drew on."


keep("Welcome", "You reached this note through Argus, over a Streamable HTTP backend.")
keep("Try next", "Call add_note, then read note://3 or search for a word of it.")


async def serve(port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
    """Serve on 127.0.0.1 until cancelled; starts with the bound port, which is `port` unless that is 0."""
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.errorlog = None
    config.graceful_timeout = GRACE_SECONDS
    # Starlette and Hypercorn write the same ASGI signature down in two ways that no type checker unifies.
    app = cast("ASGIFramework", server.streamable_http_app())
    async with trio.open_nursery() as nursery:
        addresses = await nursery.start(partial(hypercorn.trio.serve, app, config))
        bound = urlsplit(addresses[0]).port
        assert bound is not None, addresses  # noqa: S101  Hypercorn names the port it bound
        task_status.started(bound)


async def serve_and_say(port: int) -> None:
    """Serve until cancelled, and print the port once clients can connect."""
    async with trio.open_nursery() as nursery:
        print(f"listening {await nursery.start(serve, port)}", flush=True)  # noqa: T201  the one line of its output


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m argus_trio.samples.notes", description="Notes over MCP, in memory."
    )
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; 0, the default, takes a free one")
    port = parser.parse_args(arguments).port
    try:
        trio.run(serve_and_say, port)
    except* KeyboardInterrupt:
        pass  # Ctrl-C is how it is stopped


if __name__ == "__main__":
    main()
