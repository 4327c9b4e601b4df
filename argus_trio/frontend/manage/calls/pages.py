"""The operations that call, and the one that answers what a call asks."""

from __future__ import annotations

from collections.abc import Mapping

from argus_trio.contract.calls import (
    ANSWER_ASK,
    CALL_TOOL,
    GET_PROMPT,
    READ_RESOURCE,
    AnsweredAnswer,
    AskAnswerRequest,
    PromptGetRequest,
    ResourceReadRequest,
    ToolCallRequest,
)
from argus_trio.contract.operation import Operation
from argus_trio.frontend.manage.answer import PageAnswer
from argus_trio.frontend.manage.calls.served import ServedCalls
from argus_trio.frontend.manage.request import ManageRequest, Page


def call_pages(calls: ServedCalls) -> Mapping[Operation, Page]:
    """Calls of tools, reads of resources, prompts, and answers to what they ask."""

    async def call_tool(request: ManageRequest) -> PageAnswer | None:
        return await calls.serve(request, request.body_as(ToolCallRequest))

    async def read_resource(request: ManageRequest) -> PageAnswer | None:
        return await calls.serve(request, request.body_as(ResourceReadRequest))

    async def get_prompt(request: ManageRequest) -> PageAnswer | None:
        return await calls.serve(request, request.body_as(PromptGetRequest))

    async def answer_ask(request: ManageRequest) -> PageAnswer:
        exchange = calls.asking(request.path["id"], request.principal)
        exchange.answer(request.path["ask"], request.body_as(AskAnswerRequest))
        return PageAnswer(body=AnsweredAnswer(answered=True))

    return {CALL_TOOL: call_tool, READ_RESOURCE: read_resource, GET_PROMPT: get_prompt, ANSWER_ASK: answer_ask}
