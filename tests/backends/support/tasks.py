"""A backend that runs tasks, its clients, and what they ask."""

from __future__ import annotations

import json

import attrs

from argus_trio.core.call.abilities import ANYBODY, Audience
from argus_trio.wire.envelope import Params
from argus_trio.wire.revisions import Era
from tests.backends.support.fakes import Answer, FakeBackend, FakeExchange, Json, Refusal, json_of
from tests.backends.support.supervised import Supervised, named

RELATED = "io.modelcontextprotocol/related-task"
EXTENSION: Json = {"extensions": {"io.modelcontextprotocol/tasks": {}}}


@attrs.define(eq=False)
class Session:
    """A legacy client."""

    told: list[tuple[str, Json]] = attrs.field(factory=list)
    log_level: str | None = None
    handle: str = ""
    audience: Audience = ANYBODY

    async def notify(self, method: str, params: Params) -> None:
        self.told.append((method, json.loads(json_of(params))))

    async def ask(self, method: str, params: Params) -> bytes:
        raise NotImplementedError


@attrs.define(eq=False)
class Runner:
    """A backend that runs tasks by the names `task-1`, `task-2`, …, as servers with a counter do."""

    modern: bool = False
    states: dict[str, Json] = attrs.field(factory=dict)

    def backend(self) -> FakeBackend:
        answers: dict[str, Answer] = {
            "tools/call": self.create,
            "tasks/get": self.state,
            "tasks/cancel": self.cancel,
            "tasks/result": self.result,
            "tasks/update": self.state,
        }
        declares: Json = EXTENSION if self.modern else {"tasks": {"list": {}, "requests": {"tools": {"call": {}}}}}
        era = Era.MODERN if self.modern else Era.LEGACY
        return FakeBackend(era=era, tools=named("x"), answers=answers, declares=declares)

    async def create(self, params: Json) -> Json:
        if "task" not in params and not self.modern:
            return {"content": []}
        key = f"task-{len(self.states) + 1}"
        self.states[key] = {"taskId": key, "status": "working", "ttl": 60000}
        return {"resultType": "task", **self.states[key]} if self.modern else {"task": self.states[key]}

    async def state(self, params: Json) -> Json:
        key = str(params["taskId"])
        if key not in self.states:
            raise Refusal(-32602, "no such task")
        return self.states[key]

    async def cancel(self, params: Json) -> Json:
        await self.state(params)
        self.states[str(params["taskId"])]["status"] = "cancelled"
        return self.states[str(params["taskId"])]

    async def result(self, params: Json) -> Json:
        await self.state(params)
        return {"content": [], "_meta": {RELATED: {"taskId": params["taskId"]}}}


async def ask(h: Supervised, session: Session | None, method: str, era: Era = Era.LEGACY, **params: object) -> Json:
    answer: Json = json.loads(
        await h.supervisor.generations.serve(FakeExchange(method, params, era=era, client=session))
    )
    return answer


async def begin(h: Supervised, session: Session | None, name: str = "a__x") -> str:
    task = (await ask(h, session, "tools/call", name=name, task={"ttl": 60000}))["task"]
    assert isinstance(task, dict)
    return str(task["taskId"])


async def listed(h: Supervised, session: Session) -> list[object]:
    tasks = (await ask(h, session, "tasks/list"))["tasks"]
    assert isinstance(tasks, list)
    return [task["taskId"] for task in tasks]
