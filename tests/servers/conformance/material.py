"""The resources and prompts with the names that the suite fixes."""

from __future__ import annotations

import json
import re

from mcp.types import (
    BlobResourceContents,
    EmbeddedResource,
    ImageContent,
    PromptMessage,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
)

from tests.servers.conformance.inquiries import ASKING_PROMPT
from tests.servers.conformance.offers import DOT_PNG, PromptOffer, Visit

RESOURCES = [
    Resource(uri="test://static-text", name="static-text", description="A text", mime_type="text/plain"),
    Resource(uri="test://static-binary", name="static-binary", description="A picture", mime_type="image/png"),
    Resource(uri="test://watched-resource", name="watched", description="To subscribe to", mime_type="text/plain"),
]
TEMPLATES = [
    ResourceTemplate(
        uri_template="test://template/{id}/data", name="by-id", description="By id", mime_type="application/json"
    )
]
BY_ID = re.compile(r"test://template/([^/]+)/data")


def contents_of(uri: str) -> TextResourceContents | BlobResourceContents | None:
    """What stands at a URI; None if nothing does."""
    if match := BY_ID.fullmatch(uri):
        words = json.dumps({"id": match[1], "templateTest": True, "data": f"Data for ID: {match[1]}"})
        return TextResourceContents(uri=uri, mime_type="application/json", text=words)
    match uri:
        case "test://static-text":
            return TextResourceContents(uri=uri, mime_type="text/plain", text="A text that never changes.")
        case "test://watched-resource":
            return TextResourceContents(uri=uri, mime_type="text/plain", text="A text worth watching.")
        case "test://static-binary":
            return BlobResourceContents(uri=uri, mime_type="image/png", blob=DOT_PNG)
        case _:
            return None


def said(words: str) -> PromptMessage:
    return PromptMessage(role="user", content=TextContent(text=words))


async def simple(visit: Visit) -> list[PromptMessage]:
    return [said("A prompt without arguments.")]


async def with_arguments(visit: Visit) -> list[PromptMessage]:
    return [said(f"The arguments are {visit.arguments['arg1']!r} and {visit.arguments['arg2']!r}.")]


async def with_resource(visit: Visit) -> list[PromptMessage]:
    uri = visit.arguments["resourceUri"]
    resource = TextResourceContents(uri=uri, mime_type="text/plain", text="The text of the resource.")
    embedded = PromptMessage(role="user", content=EmbeddedResource(resource=resource))
    return [embedded, said("Read the resource above.")]


async def with_image(visit: Visit) -> list[PromptMessage]:
    picture = PromptMessage(role="user", content=ImageContent(data=DOT_PNG, mime_type="image/png"))
    return [picture, said("Look at the picture above.")]


PROMPTS: dict[str, PromptOffer] = {
    "test_simple_prompt": PromptOffer(about="Without arguments", get=simple),
    "test_prompt_with_arguments": PromptOffer(about="With two", get=with_arguments, arguments=("arg1", "arg2")),
    "test_prompt_with_embedded_resource": PromptOffer(
        about="With a resource inside", get=with_resource, arguments=("resourceUri",)
    ),
    "test_prompt_with_image": PromptOffer(about="With a picture", get=with_image),
    ASKING_PROMPT[0]: ASKING_PROMPT[1],
}
EXTRA_PROMPT = ("test_dynamic_prompt", PromptOffer(about="Comes and goes", get=simple))
