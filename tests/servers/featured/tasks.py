"""The tasks of a featured server, of both kinds; the SDK knows neither, so all of it is answered in front of it.

`work` called with a task (2025-11-25), or by a client of the extension, becomes one; a call of `end_work` ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import attrs
import trio
from mcp.server import ServerRequestContext
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, MISSING_REQUIRED_CLIENT_CAPABILITY
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

from tests.servers.conformance.logs import connection_of
from tests.servers.featured.house import Json

EXTENSION = "io.modelcontextprotocol/tasks"
RELATED = "io.modelcontextprotocol/related-task"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
TTL_MS = 60_000
LEGACY: Json = {"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}}
SCHEMA: Json = {"type": "object", "properties": {"name": {"type": "string"}}}
QUESTION: Json = {
    "method": "elicitation/create",
    "params": {"mode": "form", "message": "Who?", "requestedSchema": SCHEMA},
}

Context = ServerRequestContext[Any, Any]


@attrs.define(eq=False, kw_only=True)
class Job:
    """One task."""

    key: str
    token: str
    connection: Connection
    progress_token: object
    asks: bool = False
    """Whether it needs an answer of its client, and ends with that."""
    status: str = "working"
    answers: Json | None = None
    over: trio.Event = attrs.field(factory=trio.Event)

    def described(self, life: str) -> Json:
        now = datetime.now(UTC).isoformat()
        times = {"createdAt": now, "lastUpdatedAt": now, life: TTL_MS}
        return {"taskId": self.key, "status": self.status, "x-unknown": [None, "kept"], **times}

    def result(self) -> Json:
        return {
            "content": [{"type": "text", "text": f"done {self.token}"}],
            "structuredContent": {"told": self.answers},
        }


@attrs.frozen
class Stream:
    """A `subscriptions/listen` that wants to hear of tasks."""

    context: Context
    keys: list[str]

    async def tell(self, method: str, params: Json) -> None:
        meta = {**params.get("_meta", {}), SUBSCRIPTION: self.context.request_id}
        channel = self.context.session._request_outbound  # the SDK sends no notification that it does not know
        await channel.notify(method, {**params, "_meta": meta})


@attrs.frozen
class Acknowledging:
    """The session of a listen, which adds the tasks to what the SDK acknowledges."""

    stream: Stream

    async def send_notification(self, notification: Any, related_request_id: object = None) -> None:
        message = notification.model_dump(by_alias=True, mode="json", exclude_none=True)
        params = message["params"]
        if message["method"] == "notifications/subscriptions/acknowledged":
            params = {**params, "notifications": {**params["notifications"], "taskIds": self.stream.keys}}
        await self.stream.tell(message["method"], params)


def is_modern(context: Context) -> bool:
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS


def knows_extension(params: Mapping[str, Any]) -> bool:
    declared = params.get("_meta", {}).get("io.modelcontextprotocol/clientCapabilities", {})
    return EXTENSION in declared.get("extensions", {})


def complete(**members: object) -> Json:
    return {"resultType": "complete", **members}


@attrs.define(eq=False)
class Tasks:
    """All tasks of one server process. They are counted, as careless servers do: other processes have the same."""

    jobs: dict[str, Job] = attrs.field(factory=dict)
    streams: list[Stream] = attrs.field(factory=list)

    async def __call__(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """A middleware of the server."""
        context, params = ctx, ctx.params or {}
        match context.method:
            case "initialize" | "server/discover" | "tools/list":
                return self._declared(context.method, await call_next(context))
            case "tools/call" if params.get("name") == "work":
                return await self._begun(context, params) or await call_next(context)
            case "tools/call" if params.get("name") == "end_work":
                await self._end(params["arguments"]["token"])
            case "tasks/list" if not is_modern(context):
                mine = [job for job in self.jobs.values() if job.connection is connection_of(context)]
                return {"tasks": [job.described("ttl") for job in mine]}
            case method if method.startswith("tasks/"):
                job = self.jobs.get(params.get("taskId", ""))
                if job is None:
                    raise MCPError(INVALID_PARAMS, "There is no such task")
                return await (self._modern(method, job, params) if is_modern(context) else self._legacy(context, job))
            case "subscriptions/listen" if keys := params.get("notifications", {}).get("taskIds"):
                return await self._listen(context, keys, call_next)
        return await call_next(context)

    def _declared(self, method: str, result: HandlerResult) -> Json:
        assert isinstance(result, dict)
        if method == "tools/list":
            can: Json = {"execution": {"taskSupport": "optional"}}
            return {**result, "tools": [tool | can if tool["name"] == "work" else tool for tool in result["tools"]]}
        kind = {"tasks": LEGACY} if method == "initialize" else {"extensions": {EXTENSION: {}}}
        return {**result, "capabilities": {**result["capabilities"], **kind}}

    async def _begun(self, context: Context, params: Mapping[str, Any]) -> Json | None:
        if not ("task" in params or (is_modern(context) and knows_extension(params))):
            return None
        job = Job(
            key=f"task-{len(self.jobs) + 1}",
            token=params["arguments"]["token"],
            connection=connection_of(context),
            progress_token=params.get("_meta", {}).get("progressToken"),
            asks=params["arguments"].get("asks", False),
        )
        self.jobs[job.key] = job
        if is_modern(context):
            return {**job.described("ttlMs"), "resultType": "task"}
        return {"task": job.described("ttl")}

    async def _end(self, token: str) -> None:
        (job,) = [job for job in self.jobs.values() if job.token == token]
        if job.progress_token is not None:
            progress = {"progressToken": job.progress_token, "progress": 1, "total": 1}
            await job.connection.notify("notifications/progress", progress)
        await self._becomes(job, "completed")

    async def _becomes(self, job: Job, status: str) -> None:
        job.status = status
        if status != "input_required":
            job.over.set()
        for stream in self.streams:
            if job.key in stream.keys:
                await stream.tell("notifications/tasks", self._detailed(job))
        if job.connection.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            await job.connection.notify("notifications/tasks/status", job.described("ttl"))

    def _detailed(self, job: Job) -> Json:
        more: Json = {"result": job.result()} if job.status == "completed" else {}
        return job.described("ttlMs") | more

    async def _legacy(self, context: Context, job: Job) -> Json:
        match context.method:
            case "tasks/get":
                return job.described("ttl")
            case "tasks/cancel":
                await self._becomes(job, "cancelled")
                return job.described("ttl")
        if job.asks:
            await self._becomes(job, "input_required")
            channel = context.session._request_outbound  # the SDK would leave out what relates the question to the task
            question = {**QUESTION["params"], "_meta": {RELATED: {"taskId": job.key}}}
            job.answers = await channel.send_raw_request(QUESTION["method"], question)
            await self._becomes(job, "completed")
        await job.over.wait()
        return {**job.result(), "_meta": {RELATED: {"taskId": job.key}}}

    async def _modern(self, method: str, job: Job, params: Mapping[str, Any]) -> Json:
        match method:
            case "tasks/cancel":
                await self._becomes(job, "cancelled")
            case "tasks/update":
                job.answers = params["inputResponses"]
                await self._becomes(job, "completed")
            case "tasks/get":
                asking: Json = {"status": "input_required", "inputRequests": {"who": QUESTION}}
                return complete(**self._detailed(job)) | (asking if job.status == "working" else {})
        return complete()

    async def _listen(self, context: Context, keys: list[str], call_next: CallNext) -> HandlerResult:
        if not knows_extension(context.params or {}):
            raise MCPError(
                MISSING_REQUIRED_CLIENT_CAPABILITY,
                "Missing required client capability",
                {"requiredCapabilities": {"extensions": {EXTENSION: {}}}},
            )
        stream = Stream(context, [key for key in keys if key in self.jobs])
        self.streams.append(stream)
        try:
            return await call_next(replace(context, session=Acknowledging(stream)))  # type: ignore[arg-type]  # as far as a listen uses it
        finally:
            self.streams.remove(stream)
