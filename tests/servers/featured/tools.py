"""The tools of the featured server: one for each thing that a call can do, in whichever way its era has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import trio
from mcp.shared.exceptions import MCPError
from mcp.types import (
    URL_ELICITATION_REQUIRED,
    CallToolResult,
    ElicitRequest,
    ElicitRequestURLParams,
    ListRootsRequest,
    TextContent,
)

from tests.servers.conformance.dialogue import Context, Dialogue, form, sample
from tests.servers.conformance.logs import log
from tests.servers.featured.house import House, Json

NAME: Json = {"name": {"type": "string"}}
LEVELS = ("debug", "info", "warning", "error")
STEP_S = 0.25
"""The pace of the tool that takes its time."""


class Blunt(Dialogue):
    """Asks whatever the client can."""

    def demand(self, capability: str) -> None:
        pass


@attrs.frozen(kw_only=True)
class Visit:
    """One call of a tool."""

    context: Context
    house: House
    dialogue: Dialogue
    arguments: Json


Run = Callable[[Visit], Awaitable[CallToolResult]]


def text(words: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=words)])


def structured(**content: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=str(content))], structured_content=content)


async def add(visit: Visit) -> CallToolResult:
    return structured(total=visit.arguments["a"] + visit.arguments["b"], server=visit.house.name)


async def echo(visit: Visit) -> CallToolResult:
    return text(str(visit.arguments.get("text", "")))


async def fail(visit: Visit) -> CallToolResult:
    return CallToolResult(content=[TextContent(text="on purpose")], is_error=True)


async def refuse(visit: Visit) -> CallToolResult:
    raise MCPError(-32050, "refused on purpose", {"given": visit.arguments})


async def received(visit: Visit) -> CallToolResult:
    """The parameters of this call as they arrived."""
    return structured(params=dict(visit.context.params or {}))


async def count(visit: Visit) -> CallToolResult:
    steps = int(visit.arguments["upto"])
    for step in range(steps):
        await visit.context.session.report_progress(step + 1, steps, f"step {step + 1}")
    return text(f"counted to {steps}")


async def count_slowly(visit: Visit) -> CallToolResult:
    steps = int(visit.arguments["upto"])
    for step in range(steps):
        await trio.sleep(STEP_S)
        await visit.context.session.report_progress(step + 1, steps)
    return text(f"counted to {steps}")


async def log_all(visit: Visit) -> CallToolResult:
    for level in LEVELS:
        await log(visit.context, level, f"{visit.arguments['mark']} {level}")  # type: ignore[arg-type]  # they are levels
    return text("logged")


async def by_region(visit: Visit) -> CallToolResult:
    """Its argument is one that clients repeat in a header."""
    return structured(region=visit.arguments["region"])


async def wait(visit: Visit) -> CallToolResult:
    await visit.house.wait(visit.arguments["token"])
    return text("released")


async def abilities(visit: Visit) -> CallToolResult:
    """What the client declared, as this server was told."""
    declared = visit.context.session.client_capabilities
    return structured(abilities=declared.model_dump(by_alias=True, mode="json", exclude_none=True) if declared else {})


async def ask_form(visit: Visit) -> CallToolResult:
    return structured(**await visit.dialogue.ask(user=form("Who?", NAME, required=("name",))))


async def ask_url(visit: Visit) -> CallToolResult:
    params = ElicitRequestURLParams(message="Go there", url="https://example.org/go", elicitation_id="go-1")
    return structured(**await visit.dialogue.ask(visited=ElicitRequest(params=params)))


async def ask_sample(visit: Visit) -> CallToolResult:
    return structured(**await visit.dialogue.ask(sampled=sample("What is the capital of France?")))


async def ask_roots(visit: Visit) -> CallToolResult:
    return structured(**await visit.dialogue.ask(roots=ListRootsRequest()))


async def ask_two(visit: Visit) -> CallToolResult:
    """Two questions at once, where the era can."""
    return structured(**await visit.dialogue.ask(user=form("Who?", NAME), sampled=sample("Where?")))


async def ask_rounds(visit: Visit) -> CallToolResult:
    """A question, and after its answer another one."""
    first = await visit.dialogue.ask(keep=True, user=form("Who?", NAME))
    second = await visit.dialogue.ask(keep=True, other=form("And who else?", NAME))
    return structured(**first, **second)


async def ask_anyway(visit: Visit) -> CallToolResult:
    """Asks without having looked at what the client can: its dialogue is a blunt one."""
    return structured(**await visit.dialogue.ask(user=form("Who?", NAME)))


async def demand_url(visit: Visit) -> CallToolResult:
    """Refuses at first, until the user has been somewhere, with the error that legacy revisions have for that."""
    asked = visit.house.mark(visit.arguments["token"], "asked")
    if asked.exists():
        return text("logged in")
    asked.touch()
    elicitation = {"mode": "url", "message": "Log in", "url": "https://example.org/login", "elicitationId": "login-1"}
    raise MCPError(URL_ELICITATION_REQUIRED, "Log in first", {"elicitations": [elicitation]})


async def touch(visit: Visit) -> CallToolResult:
    await visit.house.touch(visit.arguments["uri"])
    return text("touched")


async def grow(visit: Visit) -> CallToolResult:
    return text(await visit.house.grow(visit.arguments["kind"]))


async def work(visit: Visit) -> CallToolResult:
    """What a task is made of, for clients that know of none."""
    return text(f"done {visit.arguments['token']}")


async def end_work(visit: Visit) -> CallToolResult:
    """See tasks.py."""
    return text("ended")


TOOLS: dict[str, Run] = {
    run.__name__: run
    for run in (
        *(add, echo, fail, refuse, received, count, count_slowly, log_all, by_region, wait, abilities),
        *(ask_form, ask_url, ask_sample, ask_roots, ask_two, ask_rounds, ask_anyway, demand_url, touch, grow),
        *(work, end_work),
    )
}
SAMPLING_ONLY = "for_samplers"
"""Shown to clients that declare sampling, and to no others."""
