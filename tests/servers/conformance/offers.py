"""What the server offers: the shapes of its tables of tools and prompts, and media small enough to stand in a line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from mcp.server.subscriptions import InMemorySubscriptionBus
from mcp.types import ContentBlock, PromptMessage, TextContent

from tests.servers.conformance.dialogue import Context, Dialogue

Json = dict[str, Any]

NOTHING: Json = {"type": "object", "properties": {}}
DOT_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
SILENCE_WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="


@attrs.define(eq=False, kw_only=True)
class House:
    """What calls of one server process change: the extras that come and go, and who listens."""

    bus: InMemorySubscriptionBus = attrs.field(factory=InMemorySubscriptionBus)
    extra_tool: bool = False
    extra_prompt: bool = False


@attrs.frozen(kw_only=True)
class Visit:
    """One call of a tool, or get of a prompt."""

    context: Context
    house: House
    dialogue: Dialogue
    arguments: Json


@attrs.frozen(kw_only=True)
class ToolOffer:
    about: str
    run: Callable[[Visit], Awaitable[list[ContentBlock]]]
    schema: Json = NOTHING


@attrs.frozen(kw_only=True)
class PromptOffer:
    about: str
    get: Callable[[Visit], Awaitable[list[PromptMessage]]]
    arguments: tuple[str, ...] = ()


def text(words: str) -> list[ContentBlock]:
    return [TextContent(text=words)]
