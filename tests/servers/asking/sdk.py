"""The asking server with the Python SDK, 1.x or 2.x as the environment has: `sdk.py stdio` or `sdk.py http PORT`."""

import sys
import warnings

from pydantic import BaseModel

try:
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.types import SamplingMessage, TextContent

    NEEDED = {}
except ImportError:
    from mcp.server.fastmcp import Context
    from mcp.server.fastmcp import FastMCP as MCPServer
    from mcp.types import SamplingMessage, TextContent

HTTP = sys.argv[1] == "http"
IS_FIRST = MCPServer.__name__ == "FastMCP"
PORT = {"port": int(sys.argv[2])} if HTTP else {}
server = MCPServer("asking", **(PORT if IS_FIRST else {}))


class Form(BaseModel):
    name: str


@server.tool()
async def who(context: Context) -> str:
    """Asks with a form."""
    answer = await context.elicit("who?", schema=Form)
    return answer.data.name if answer.action == "accept" else answer.action


@server.tool()
async def think(context: Context) -> str:
    """Asks for a model's words."""
    question = SamplingMessage(role="user", content=TextContent(type="text", text="what?"))
    said = await context.session.create_message([question], max_tokens=10)
    return said.content.text


@server.tool()
async def where(context: Context) -> str:
    """Asks for the roots."""
    return " ".join(str(root.uri) for root in (await context.session.list_roots()).roots)


warnings.simplefilter("ignore")
if not HTTP:
    server.run("stdio")
elif IS_FIRST:
    server.run("streamable-http")
else:
    server.run("streamable-http", **PORT)
