"""Calls of tools, reads of resources, prompts: the same as over MCP, for those who have no MCP client."""

from __future__ import annotations

from typing import Final

import attrs
import msgspec

from argus_trio.contract.operation import Operation

_MEDIA: Final = ("application/json", "text/event-stream")
_PROBLEMS: Final = (
    "unknown-target",
    "refused",
    "rate-limited",
    "backend-unavailable",
    "backend-failed",
    "deadline-exceeded",
    "call-failed",
    "call-cancelled",
    "overloaded",
)


@attrs.frozen(kw_only=True)
class ToolCallRequest:
    """A call of a tool."""

    tool: str
    arguments: dict[str, msgspec.Raw] = attrs.field(factory=dict)
    capabilities: dict[str, msgspec.Raw] = attrs.field(factory=dict)
    """What can be asked meanwhile, as `ClientCapabilities` of MCP; only with `Accept: text/event-stream`."""
    log_level: str | None = None
    """The level of log messages that are wanted on the stream."""
    endpoint: str = ""
    """The view to call by; empty for the endpoint that shows all."""


@attrs.frozen(kw_only=True)
class ResourceReadRequest:
    """A read of a resource."""

    uri: str
    capabilities: dict[str, msgspec.Raw] = attrs.field(factory=dict)
    log_level: str | None = None
    endpoint: str = ""


@attrs.frozen(kw_only=True)
class PromptGetRequest:
    """A prompt to be made."""

    name: str
    arguments: dict[str, str] = attrs.field(factory=dict)
    capabilities: dict[str, msgspec.Raw] = attrs.field(factory=dict)
    log_level: str | None = None
    endpoint: str = ""


@attrs.frozen(kw_only=True)
class AskAnswerRequest:
    """The answer to what a call asked: exactly one of the two."""

    result: msgspec.Raw | None = None
    """The result as MCP has it, such as `{"action": "accept", "content": {...}}`."""
    error: msgspec.Raw | None = None
    """An error object, `{"code": ..., "message": ...}`."""


@attrs.frozen(kw_only=True)
class AnsweredAnswer:
    """The answer was passed on."""

    answered: bool


CALL_TOOL: Final = Operation(
    method="POST",
    path="/tools/call",
    summary="Call a tool. The answer has tool, backend and the members of the result; on an event stream come "
    "exchange, progress, log and ask before result or error",
    right=None,
    body=ToolCallRequest,
    media=_MEDIA,
    problems=_PROBLEMS,
)
READ_RESOURCE: Final = Operation(
    method="POST",
    path="/resources/read",
    summary="Read a resource: uri, backend, and the members of the result",
    right=None,
    body=ResourceReadRequest,
    media=_MEDIA,
    problems=_PROBLEMS,
)
GET_PROMPT: Final = Operation(
    method="POST",
    path="/prompts/get",
    summary="Get a prompt: prompt, backend, and the members of the result",
    right=None,
    body=PromptGetRequest,
    media=_MEDIA,
    problems=_PROBLEMS,
)
ANSWER_ASK: Final = Operation(
    method="POST",
    path="/exchanges/{id}/asks/{ask}",
    summary="Answer what a call of one's own asked on its event stream",
    right=None,
    body=AskAnswerRequest,
    answer=AnsweredAnswer,
    problems=("unknown-exchange", "unknown-ask"),
)
