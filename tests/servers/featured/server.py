"""The featured server's handlers, and the oddities that no typed SDK would send by itself."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    EmptyResult,
    GetPromptRequestParams,
    GetPromptResult,
    InputRequiredResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
    Tool,
    UnsubscribeRequestParams,
)

from tests.servers.conformance.dialogue import Context, Dialogue, Unanswered
from tests.servers.conformance.logs import connection_of, set_level
from tests.servers.conformance.server import Announcing
from tests.servers.featured.house import House, Json
from tests.servers.featured.tasks import Tasks
from tests.servers.featured.tools import SAMPLING_ONLY, TOOLS, Blunt, Visit, echo

T = TypeVar("T")
Page = PaginatedRequestParams | None

TEMPLATES = 260
"""So many that those of the servers of all kinds together fill more than one page of the gateway's."""
PAGE = 100
OBJECT: Json = {"type": "object", "properties": {}}
SCHEMAS: dict[str, Json] = {
    "by_region": {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
}
"""The input schemas of those tools that need one."""
SUM: Json = {"type": "object", "properties": {"total": {"type": "integer"}, "server": {"type": "string"}}}
ODD: Json = {"x-unknown": {"kept": ["please", None, {"é": "\u2028"}], "big": 12345678901234567890}}
"""What the results of `received` have besides what any schema knows, at every level."""


def paged(entries: Sequence[T], page: Page) -> tuple[Sequence[T], str | None]:
    start = int(page.cursor) if page and page.cursor else 0
    end = start + PAGE
    return entries[start:end], str(end) if end < len(entries) else None


class Desk:
    """The handlers of one server."""

    def __init__(self, name: str, journal: Path) -> None:
        self.house = House(name=name, journal=journal)

    async def list_tools(self, context: Context, page: Page) -> ListToolsResult:
        declared = context.session.client_capabilities
        hidden = [] if declared is None or declared.sampling is None else [SAMPLING_ONLY]
        names = [*TOOLS, *hidden, *self.house.grown["tools"]]
        tools = [Tool(name=name, description=f"Does {name}", input_schema=SCHEMAS.get(name, OBJECT)) for name in names]
        tools[0].output_schema = SUM
        return ListToolsResult(tools=tools)

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult | InputRequiredResult:
        run = TOOLS.get(params.name)
        if run is None and params.name not in (SAMPLING_ONLY, *self.house.grown["tools"]):
            raise MCPError(INVALID_PARAMS, f"There is no tool {params.name}")
        kind = Blunt if params.name == "ask_anyway" else Dialogue
        dialogue = kind(context, params.input_responses, params.request_state)
        try:
            return await (run or echo)(
                Visit(context=context, house=self.house, dialogue=dialogue, arguments=dict(params.arguments or {}))
            )
        except Unanswered as pause:
            return pause.result

    async def list_prompts(self, context: Context, page: Page) -> ListPromptsResult:
        names = ["greet", *self.house.grown["prompts"]]
        return ListPromptsResult(
            prompts=[Prompt(name=name, arguments=[PromptArgument(name="who", required=True)]) for name in names]
        )

    async def get_prompt(self, context: Context, params: GetPromptRequestParams) -> GetPromptResult:
        words = f"{self.house.name} greets {(params.arguments or {})['who']}"
        return GetPromptResult(messages=[PromptMessage(role="user", content=TextContent(text=words))])

    def uri(self, path: str) -> str:
        return f"{self.house.name}://{path}"

    async def list_resources(self, context: Context, page: Page) -> ListResourcesResult:
        names = ["motto", "news", *self.house.grown["resources"]]
        return ListResourcesResult(resources=[Resource(uri=self.uri(name), name=name) for name in names])

    async def list_templates(self, context: Context, page: Page) -> ListResourceTemplatesResult:
        numbers, following = paged(range(TEMPLATES), page)
        templates = [ResourceTemplate(uri_template=self.uri(f"t{n}/{{item}}"), name=f"t{n}") for n in numbers]
        return ListResourceTemplatesResult(resource_templates=templates, next_cursor=following)

    async def read(self, context: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        uri = str(params.uri)
        if "nothing" in uri:
            raise MCPError(INVALID_PARAMS, "There is no such resource", {"uri": uri})
        return ReadResourceResult(contents=[TextResourceContents(uri=uri, text=f"this is {uri}")])

    async def subscribe(self, context: Context, params: SubscribeRequestParams) -> EmptyResult:
        self.house.watched[connection_of(context)].add(str(params.uri))
        return EmptyResult()

    async def unsubscribe(self, context: Context, params: UnsubscribeRequestParams) -> EmptyResult:
        self.house.watched[connection_of(context)].discard(str(params.uri))
        return EmptyResult()

    async def complete(self, context: Context, params: CompleteRequestParams) -> CompleteResult:
        words = ("paris", "park", "party", "test", *(params.context.arguments or {} if params.context else {}).values())
        fitting = [word for word in words if word.startswith(params.argument.value)]
        return CompleteResult(completion=Completion(values=fitting, total=len(fitting), has_more=False))

    async def oddly(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Remembers who is there, and adds what the SDK would sieve out."""
        self.house.meet(connection_of(ctx))
        result = await call_next(ctx)
        if ctx.method == "tools/call" and (ctx.params or {}).get("name") == "received":
            assert isinstance(result, dict)
            content = [{**item, **ODD} for item in result["content"]]
            return {**result, **ODD, "content": content, "_meta": {**result.get("_meta", {}), "example.org/odd": ODD}}
        if ctx.method == "tools/list":
            assert isinstance(result, dict)
            return {**result, "tools": [{**tool, **ODD} for tool in result["tools"]]}
        return result


def build(name: str, journal: Path) -> Server[Any]:
    desk = Desk(name, journal)
    server = Announcing(
        name,
        version="1.0.0",
        instructions=f"Instructions of {name}.",
        on_list_tools=desk.list_tools,
        on_call_tool=desk.call_tool,
        on_list_prompts=desk.list_prompts,
        on_get_prompt=desk.get_prompt,
        on_list_resources=desk.list_resources,
        on_list_resource_templates=desk.list_templates,
        on_read_resource=desk.read,
        on_subscribe_resource=desk.subscribe,
        on_unsubscribe_resource=desk.unsubscribe,
        on_completion=desk.complete,
        on_set_logging_level=set_level,
        on_subscriptions_listen=ListenHandler(desk.house.bus),
    )
    seal = RequestStateSecurity(keys=[secrets.token_bytes(32)])
    server.middleware.append(RequestStateBoundary(seal, default_audience=name))
    server.middleware.append(desk.oddly)
    server.middleware.append(Tasks())
    return server
