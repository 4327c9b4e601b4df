"""Catalogs for the tests of the tools page: tools, prompts, resources and templates of two backends."""

from __future__ import annotations

import attrs
import msgspec

from argus_trio.contract.capabilities import (
    CapabilitiesAnswer,
    PromptEntry,
    ResourceEntry,
    ResourceTemplateEntry,
    ToolEntry,
)
from argus_trio.tui.effect import Fetch
from argus_trio.tui.message import Fetched
from argus_trio.tui.state.asking import CAPABILITIES_NAME, LISTS
from argus_trio.tui.state.world import GatewayLink, World
from tests.cli.values import tool, tools

SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "Where it lies."},
        "mode": {"enum": ["fast", "whole"], "default": "fast"},
        "at": {"type": "string", "format": "date-time"},
        "node": {"$ref": "#/$defs/Node"},
    },
    "required": ["path"],
    "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}, "n": {"type": "integer"}}}},
}


def named(name: str, backend: str = "files", **more: object) -> ToolEntry:
    """A tool of this name."""
    changes = {key: more.pop(key) for key in ("title", "annotations", "original_name", "renamed") if key in more}
    return attrs.evolve(tool(name, SCHEMA, **more), backend=backend, **changes)  # type: ignore[arg-type]


PROMPT = PromptEntry(
    name="desk__review",
    original_name="review",
    description="Ask for a review.",
    backend="desk",
    arguments=msgspec.Raw(b'[{"name": "language", "required": true, "description": "Which one."}]'),
    filtered=False,
    renamed=True,
    hidden=None,
    why=None,
)
RESOURCE = ResourceEntry(
    uri="note://1",
    name="note-1",
    description=None,
    backend="desk",
    mime_type="text/plain",
    filtered=False,
    hidden=None,
    why=None,
)
TEMPLATE = ResourceTemplateEntry(
    uri_template="note://{id}",
    name="a note",
    description="One note.",
    backend="desk",
    mime_type=None,
    filtered=False,
    hidden=None,
    why=None,
)


def catalog(*entries: ToolEntry) -> CapabilitiesAnswer:
    """A catalog of these tools and of what is no tool."""
    destroys = msgspec.Raw(b'{"destructiveHint":true}')
    own = entries or (
        named("files__read", description="Read what lies there."),
        named("files__write", title="Put", description="Write it.", annotations=destroys),
        named("files__gone", description="Once.", hidden="filter", why="filtered by tools.exclude"),
    )
    return attrs.evolve(tools(*own), prompts=(PROMPT,), resources=(RESOURCE,), resource_templates=(TEMPLATE,))


def world_with(known: CapabilitiesAnswer | None = None, **more: object) -> World:
    """A world with a catalog."""
    link = GatewayLink(state="connected", since=900.0)
    base = World(shown="http://one", link=link, now=1000.0, capabilities=known or catalog())
    return attrs.evolve(base, **more)  # type: ignore[arg-type]


def has_come(known: CapabilitiesAnswer) -> Fetched:
    """What a page is told when the catalog has come."""
    request: Fetch = LISTS[CAPABILITIES_NAME]
    return Fetched(request=request, answer=known, raw=b"")
