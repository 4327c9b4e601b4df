"""Calls of tools, reads of resources, prompts: the same as over MCP, for those who have no MCP client."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import attrs
import msgspec

from argus_trio import Value
from argus_trio.contract.operation import Operation

MessageLevel = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
"""The level of a log message of MCP, least grave first."""

Capabilities = Annotated[
    dict[str, msgspec.Raw],
    msgspec.Meta(
        extra_json_schema={
            "properties": {name: {"type": ["object", "null"]} for name in ("elicitation", "sampling", "roots")},
            "propertyNames": {"enum": ["elicitation", "sampling", "roots", "experimental", "extensions", "tasks"]},
        }
    ),
]
"""What can be asked, as `ClientCapabilities` of MCP."""

_MEDIA: Final = ("application/json", "text/event-stream")
_PROBLEMS: Final = (
    "unknown-target",
    "unknown-view",
    "refused",
    "rate-limited",
    "backend-unavailable",
    "backend-failed",
    "deadline-exceeded",
    "call-failed",
    "backend-error",
    "call-cancelled",
    "overloaded",
    "not-acceptable",
)


@attrs.frozen(kw_only=True)
class ToolCallRequest(Value):
    """A call of a tool."""

    tool: str
    arguments: dict[str, msgspec.Raw] = attrs.field(factory=dict)
    capabilities: Capabilities = attrs.field(factory=dict)
    """What can be asked meanwhile, as `ClientCapabilities` of MCP: elicitation, sampling, roots. Only with
    `Accept: text/event-stream`, as `log_level`."""
    log_level: MessageLevel | None = None
    """The level of log messages that are wanted on the stream."""
    endpoint: str = ""
    """The view to call by; empty for the endpoint that shows all."""


@attrs.frozen(kw_only=True)
class ResourceReadRequest(Value):
    """A read of a resource."""

    uri: str
    capabilities: Capabilities = attrs.field(factory=dict)
    log_level: MessageLevel | None = None
    endpoint: str = ""


@attrs.frozen(kw_only=True)
class PromptGetRequest(Value):
    """A prompt to be made."""

    name: str
    arguments: dict[str, str] = attrs.field(factory=dict)
    capabilities: Capabilities = attrs.field(factory=dict)
    log_level: MessageLevel | None = None
    endpoint: str = ""


@attrs.frozen(kw_only=True)
class AskAnswerRequest(Value):
    """The answer to what a call asked: exactly one of the two."""

    result: dict[str, msgspec.Raw] | None = None
    """The result as MCP has it, such as `{"action": "accept", "content": {...}}`."""
    error: dict[str, msgspec.Raw] | None = None
    """An error object, `{"code": ..., "message": ...}`."""


@attrs.frozen(kw_only=True)
class AnsweredAnswer(Value):
    """The answer was passed on."""

    answered: bool


@attrs.frozen(kw_only=True)
class ExchangeEvent(Value):
    """Event `exchange`, the first of a stream."""

    id: str
    """Of the call, as `/exchanges` has it: by it questions are answered, and the call is cancelled."""


@attrs.frozen(kw_only=True)
class ProgressEvent(Value):
    """Event `progress`, as `notifications/progress` of MCP says it."""

    progress: int | float
    total: int | float | None
    message: str | None


@attrs.frozen(kw_only=True)
class LogMessageEvent(Value):
    """Event `log`: a log message of the backend, of the level that was asked for or above."""

    level: str | None
    logger: str | None
    data: msgspec.Raw
    """Any JSON, as it came."""


@attrs.frozen(kw_only=True)
class NotificationEvent(Value):
    """Event `notification`: whatever else the backend says within the call, such as that a visit to a URL is over."""

    method: str
    params: dict[str, msgspec.Raw]


@attrs.frozen(kw_only=True)
class AskEvent(Value):
    """Event `ask`: the call waits for an answer, by POST to `/exchanges/{id}/asks/{ask}`."""

    id: str
    """The `ask` of that path."""
    method: Literal["elicitation/create", "sampling/createMessage", "roots/list"]
    params: dict[str, msgspec.Raw]


@attrs.frozen(kw_only=True)
class AskCancelledEvent(Value):
    """Event `ask_cancelled`: the question is taken back, or nobody answered it in time."""

    id: str


CALL_EVENTS: Final = {
    "exchange": ExchangeEvent,
    "progress": ProgressEvent,
    "log": LogMessageEvent,
    "notification": NotificationEvent,
    "ask": AskEvent,
    "ask_cancelled": AskCancelledEvent,
}
"""What the events of a stream carry. The last one is `result`, with the body of the plain answer, or `error`, with that
of the problem."""

CALL_TOOL: Final = Operation(
    method="POST",
    path="/tools/call",
    summary="Call a tool. The answer has tool, backend and the members of the result; on an event stream come "
    "exchange, progress, log, notification, ask and ask_cancelled before result or error",
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
