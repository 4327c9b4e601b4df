"""The tables of offers as a server of the SDK."""

from __future__ import annotations

import secrets
from typing import Any

from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
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
    ReadResourceRequestParams,
    ReadResourceResult,
    SubscribeRequestParams,
    Tool,
    UnsubscribeRequestParams,
)

from tests.servers.conformance.dialogue import Context, Dialogue, Unanswered
from tests.servers.conformance.inquiries import INQUIRIES
from tests.servers.conformance.logs import set_level
from tests.servers.conformance.material import EXTRA_PROMPT, PROMPTS, RESOURCES, TEMPLATES, contents_of
from tests.servers.conformance.offers import House, PromptOffer, ToolOffer, Visit, text
from tests.servers.conformance.tools import EXTRA_TOOL, TOOLS

NAME = "argus-conformance"
Page = PaginatedRequestParams | None


class Announcing(Server[Any]):
    """Says in the handshake, too, that its lists change; the SDK takes that from whoever starts the transport."""

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        changing = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
        return super().create_initialization_options(
            notification_options or changing, experimental_capabilities, extensions
        )


class Desk:
    """The handlers of one server."""

    def __init__(self) -> None:
        self.house = House()

    @property
    def tools(self) -> dict[str, ToolOffer]:
        extra = dict([EXTRA_TOOL]) if self.house.extra_tool else {}
        return {**TOOLS, **INQUIRIES, **extra}

    @property
    def prompts(self) -> dict[str, PromptOffer]:
        extra = dict([EXTRA_PROMPT]) if self.house.extra_prompt else {}
        return {**PROMPTS, **extra}

    def visit(self, context: Context, params: CallToolRequestParams | GetPromptRequestParams) -> Visit:
        dialogue = Dialogue(context, params.input_responses, params.request_state)
        return Visit(context=context, house=self.house, dialogue=dialogue, arguments=dict(params.arguments or {}))

    async def list_tools(self, context: Context, page: Page) -> ListToolsResult:
        return ListToolsResult(
            tools=[Tool(name=name, description=t.about, input_schema=t.schema) for name, t in self.tools.items()]
        )

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult | InputRequiredResult:
        offer = self.tools.get(params.name)
        if offer is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool {params.name}")
        try:
            return CallToolResult(content=await offer.run(self.visit(context, params)))
        except Unanswered as pause:
            return pause.result
        except (ValueError, KeyError) as problem:
            return CallToolResult(content=text(str(problem)), is_error=True)

    async def list_prompts(self, context: Context, page: Page) -> ListPromptsResult:
        prompts = []
        for name, offer in self.prompts.items():
            arguments = [PromptArgument(name=argument, required=True) for argument in offer.arguments]
            prompts.append(Prompt(name=name, description=offer.about, arguments=arguments))
        return ListPromptsResult(prompts=prompts)

    async def get_prompt(
        self, context: Context, params: GetPromptRequestParams
    ) -> GetPromptResult | InputRequiredResult:
        offer = self.prompts.get(params.name)
        if offer is None or not set(offer.arguments) <= set(params.arguments or {}):
            raise MCPError(INVALID_PARAMS, f"There is no prompt {params.name} with these arguments")
        try:
            return GetPromptResult(messages=await offer.get(self.visit(context, params)))
        except Unanswered as pause:
            return pause.result

    async def list_resources(self, context: Context, page: Page) -> ListResourcesResult:
        return ListResourcesResult(resources=RESOURCES)

    async def list_templates(self, context: Context, page: Page) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=TEMPLATES)

    async def read(self, context: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        contents = contents_of(str(params.uri))
        if contents is None:
            raise MCPError(INVALID_PARAMS, "There is no such resource", {"uri": str(params.uri)})
        return ReadResourceResult(contents=[contents])

    async def subscribe(
        self, context: Context, params: SubscribeRequestParams | UnsubscribeRequestParams
    ) -> EmptyResult:
        """Nothing here ever changes its contents, so that there is nobody to remember."""
        return EmptyResult()

    async def complete(self, context: Context, params: CompleteRequestParams) -> CompleteResult:
        fitting = [word for word in ("paris", "park", "party", "test") if word.startswith(params.argument.value)]
        return CompleteResult(completion=Completion(values=fitting, total=len(fitting), has_more=False))


def build() -> Server[Any]:
    desk = Desk()
    server = Announcing(
        NAME,
        version="1.0.0",
        instructions="Calls of every kind, as the conformance suite names them.",
        on_list_tools=desk.list_tools,
        on_call_tool=desk.call_tool,
        on_list_prompts=desk.list_prompts,
        on_get_prompt=desk.get_prompt,
        on_list_resources=desk.list_resources,
        on_list_resource_templates=desk.list_templates,
        on_read_resource=desk.read,
        on_subscribe_resource=desk.subscribe,
        on_unsubscribe_resource=desk.subscribe,
        on_completion=desk.complete,
        on_set_logging_level=set_level,
        on_subscriptions_listen=ListenHandler(desk.house.bus),
    )
    seal = RequestStateSecurity(keys=[secrets.token_bytes(32)])
    server.middleware.append(RequestStateBoundary(seal, default_audience=NAME))
    return server
