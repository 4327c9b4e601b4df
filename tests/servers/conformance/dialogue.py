"""Asking the client back, in whichever way its era has: a tool is written once and runs in both.

Legacy: each question is a request of its own, while the call waits. Modern: the call ends with `input_required`, and
runs again from its start once the answers are there; what was answered in earlier rounds travels in `requestState`.
"""

from __future__ import annotations

import json
from typing import Any

from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp.types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequest,
    InputRequiredResult,
    InputResponses,
    ListRootsResult,
    SamplingMessage,
    TextContent,
)
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

Json = dict[str, Any]
Context = ServerRequestContext[Any, Any]

NEEDED = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}


class Unanswered(Exception):
    """This round of a modern call ends here: the client has to answer first."""

    def __init__(self, result: InputRequiredResult) -> None:
        super().__init__("the client has to answer first")
        self.result = result


def form(message: str, properties: Json, *, required: tuple[str, ...] = ()) -> ElicitRequest:
    schema: Json = {"type": "object", "properties": properties, "required": list(required)}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sample(text: str, *, max_tokens: int = 100) -> CreateMessageRequest:
    messages = [SamplingMessage(role="user", content=TextContent(text=text))]
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=messages, max_tokens=max_tokens))


class Dialogue:
    """What one call asks of its client. `keep` puts the answers so far into `requestState`."""

    def __init__(self, context: Context, responses: InputResponses | None, state: str | None) -> None:
        self._context = context
        self._answers: dict[str, Json] = json.loads(state) if state else {}
        for name, response in (responses or {}).items():
            self._answers[name] = response.model_dump(by_alias=True, mode="json", exclude_none=True)

    def can(self, capability: str) -> bool:
        """Whether the client declared it."""
        declared = self._context.session.client_capabilities
        return declared is not None and getattr(declared, capability) is not None

    def demand(self, capability: str) -> None:
        """Raises: MCPError that names the capability if the client lacks it."""
        if not self.can(capability):
            data: Json = {"requiredCapabilities": {capability: {}}}
            raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, f"This needs the client's {capability}", data)

    async def ask(self, *, keep: bool = False, **questions: InputRequest) -> dict[str, Json]:
        """The answers by the names of the questions. Raises: Unanswered in the modern era, MCPError."""
        for question in questions.values():
            self.demand(NEEDED[question.method])
        if self._context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            return {name: await self._ask_now(question) for name, question in questions.items()}
        missing = {name: question for name, question in questions.items() if name not in self._answers}
        if missing:
            known = {name: answer for name, answer in self._answers.items() if keep}
            state = json.dumps(known) if keep else None
            raise Unanswered(InputRequiredResult(input_requests=missing, request_state=state))
        return {name: self._answers[name] for name in questions}

    async def _ask_now(self, question: InputRequest) -> Json:
        kinds: dict[str, type[ElicitResult | CreateMessageResult | ListRootsResult]] = {
            "elicitation/create": ElicitResult,
            "sampling/createMessage": CreateMessageResult,
            "roots/list": ListRootsResult,
        }
        # On the call's own stream: a client need not have another one open.
        here = ServerMessageMetadata(related_request_id=self._context.request_id)
        answer = await self._context.session.send_request(question, kinds[question.method], metadata=here)
        return answer.model_dump(by_alias=True, mode="json", exclude_none=True)
