"""The tools that answer by themselves: content of every kind, errors, progress, log messages, lists that change."""

from __future__ import annotations

import trio
from mcp.server.subscriptions import PromptsListChanged, ToolsListChanged
from mcp.types import AudioContent, ContentBlock, EmbeddedResource, ImageContent, TextContent, TextResourceContents

from tests.servers.conformance.logs import log
from tests.servers.conformance.offers import DOT_PNG, SILENCE_WAV, Json, ToolOffer, Visit, text

OPENING_S = 0.05
"""What the SDK gets to write the event that opens a stream, before the stream is closed again."""
AWAY_S = 0.2
"""How long the answer of `test_reconnection` stays away after its stream was closed."""

IMAGE = ImageContent(data=DOT_PNG, mime_type="image/png")
AUDIO = AudioContent(data=SILENCE_WAV, mime_type="audio/wav")

SCHEMA_2020_12: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
REGION: Json = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}


def embedded(uri: str, mime_type: str, words: str) -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type=mime_type, text=words))


async def simple_text(visit: Visit) -> list[ContentBlock]:
    return text("Nothing but a line of text.")


async def image(visit: Visit) -> list[ContentBlock]:
    return [IMAGE]


async def audio(visit: Visit) -> list[ContentBlock]:
    return [AUDIO]


async def embedded_resource(visit: Visit) -> list[ContentBlock]:
    return [embedded("test://embedded-resource", "text/plain", "A resource inside of an answer.")]


async def mixed(visit: Visit) -> list[ContentBlock]:
    resource = embedded("test://mixed-content-resource", "application/json", '{"mixed": true, "items": 3}')
    return [TextContent(text="Three kinds of content:"), IMAGE, resource]


async def failing(visit: Visit) -> list[ContentBlock]:
    raise ValueError("it fails because it was asked to")


async def logging(visit: Visit) -> list[ContentBlock]:
    for line in ("begun", "at work", "done"):
        await log(visit.context, "info", line)
    return text("Three messages were logged.")


async def progress(visit: Visit) -> list[ContentBlock]:
    for percent in (0, 50, 100):
        await visit.context.session.report_progress(percent, 100, f"{percent} of 100")
    return text("Progress was reported three times.")


async def reconnection(visit: Visit) -> list[ContentBlock]:
    """Closes its own event stream, where there is one, so that the answer has to be fetched by another request."""
    await log(visit.context, "info", "about to close")
    await trio.sleep(OPENING_S)
    if visit.context.close_sse_stream is not None:
        await visit.context.close_sse_stream()
        await trio.sleep(AWAY_S)
    return text("Fetched after the stream was closed.")


async def header(visit: Visit) -> list[ContentBlock]:
    return text(f"The region is {visit.arguments.get('region', 'nowhere')}.")


async def needs_sampling(visit: Visit) -> list[ContentBlock]:
    visit.dialogue.demand("sampling")
    return text("This client can sample.")


async def schema(visit: Visit) -> list[ContentBlock]:
    return text("What matters is the schema of the arguments.")


async def tool_change(visit: Visit) -> list[ContentBlock]:
    """Makes a tool appear or disappear, and says so to whoever listens in either era's way."""
    visit.house.extra_tool = not visit.house.extra_tool
    await visit.house.bus.publish(ToolsListChanged())
    await visit.context.session.send_tool_list_changed()
    return text("There are other tools now.")


async def prompt_change(visit: Visit) -> list[ContentBlock]:
    visit.house.extra_prompt = not visit.house.extra_prompt
    await visit.house.bus.publish(PromptsListChanged())
    await visit.context.session.send_prompt_list_changed()
    return text("There are other prompts now.")


TOOLS: dict[str, ToolOffer] = {
    "test_simple_text": ToolOffer(about="A line of text", run=simple_text),
    "test_image_content": ToolOffer(about="A picture", run=image),
    "test_audio_content": ToolOffer(about="A sound", run=audio),
    "test_embedded_resource": ToolOffer(about="A resource inside of the answer", run=embedded_resource),
    "test_multiple_content_types": ToolOffer(about="Text, a picture and a resource", run=mixed),
    "test_error_handling": ToolOffer(about="Fails", run=failing),
    "test_tool_with_logging": ToolOffer(about="Logs while it works", run=logging),
    "test_logging_tool": ToolOffer(about="Logs to whoever asked for it", run=logging),
    "test_tool_with_progress": ToolOffer(about="Tells how far it is", run=progress),
    "test_reconnection": ToolOffer(about="Closes its stream before it answers", run=reconnection),
    "test_x_mcp_header": ToolOffer(about="An argument that is repeated in a header", run=header, schema=REGION),
    "test_missing_capability": ToolOffer(about="Only for clients that can sample", run=needs_sampling),
    "json_schema_2020_12_tool": ToolOffer(about="A schema with many keywords", run=schema, schema=SCHEMA_2020_12),
    "test_trigger_tool_change": ToolOffer(about="Changes the list of tools", run=tool_change),
    "test_trigger_prompt_change": ToolOffer(about="Changes the list of prompts", run=prompt_change),
}
EXTRA_TOOL = ("test_dynamic_tool", ToolOffer(about="Comes and goes", run=simple_text))
