"""What is said on the way of a task: each side hears its own ids."""

from __future__ import annotations

import json

from argus_trio.backends.routing.task_exchange import TaskExchange
from tests.backends.support.fakes import FakeExchange, Json, raw

RELATED = "io.modelcontextprotocol/related-task"
OURS: Json = {"_meta": {RELATED: {"taskId": "ours"}}}
THEIRS: Json = {"_meta": {RELATED: {"taskId": "theirs"}}}


class Ids:
    """Knows one task."""

    def for_client(self, key: str, life: float | None) -> str:
        assert (key, life) == ("theirs", None)
        return "ours"

    def for_backend(self, task_id: str, life: float | None) -> str:
        assert (task_id, life) == ("ours", None)
        return "theirs"


async def test_what_a_task_asks_and_tells_goes_by_the_ids_of_each_side() -> None:
    async def answer(params: Json) -> Json:
        return {"action": "accept", **params}

    client = FakeExchange("tasks/result", answer=answer)
    exchange = TaskExchange(client, client.call, Ids())
    await exchange.notify("notifications/message", raw(THEIRS))
    heard = json.loads(await exchange.ask("elicitation/create", raw({"message": "?", **THEIRS})))
    assert client.told == [("notifications/message", OURS)]
    assert client.asked == [("elicitation/create", {"message": "?", **OURS})]
    assert heard == {"action": "accept", "message": "?", **THEIRS}


async def test_an_answer_without_a_task_passes_as_it_is() -> None:
    async def answer(_params: Json) -> Json:
        return {"action": "decline"}

    client = FakeExchange("tasks/result", answer=answer)
    exchange = TaskExchange(client, client.call, Ids())
    assert await exchange.ask("elicitation/create", {}) == b'{"action": "decline"}'
    assert exchange.call.method == "tasks/result"
