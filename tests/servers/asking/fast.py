"""The asking server with FastMCP 2, 3 or 4, as the environment has it: `fast.py stdio`, or `fast.py http PORT`."""

import sys

from fastmcp import Context, FastMCP
from mcp.types import SamplingMessage, TextContent

server = FastMCP("asking")


@server.tool
async def who(context: Context) -> str:
    """Asks with a form."""
    answer = await context.elicit("who?", response_type=str)
    return answer.data if answer.action == "accept" else answer.action


async def sampled(context):
    """FastMCP 4 has no words of its own for this, nor for the roots; its servers use those of the SDK below."""
    if hasattr(context, "sample"):
        return (await context.sample("what?", max_tokens=10)).text
    question = SamplingMessage(role="user", content=TextContent(type="text", text="what?"))
    return (await context.session.create_message([question], max_tokens=10)).content.text


async def roots(context):
    if hasattr(context, "list_roots"):
        return await context.list_roots()
    return (await context.session.list_roots()).roots


@server.tool
async def think(context: Context) -> str:
    """Asks for a model's words."""
    return await sampled(context)


@server.tool
async def where(context: Context) -> str:
    """Asks for the roots."""
    return " ".join(str(root.uri) for root in await roots(context))


if sys.argv[1] == "stdio":
    server.run(show_banner=False)
else:
    server.run(transport="http", host="127.0.0.1", port=int(sys.argv[2]), show_banner=False)
