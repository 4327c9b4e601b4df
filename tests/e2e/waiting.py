"""Calls that run in threads while a test goes on, and the wait until a backend has received one."""

from __future__ import annotations

from collections.abc import Callable

import trio

from tests.e2e.raw import Raw


async def in_thread(work: Callable[[], None]) -> None:
    """Do this work in a thread."""
    await trio.to_thread.run_sync(work)


async def until_in_flight(client: Raw, tool: str) -> None:
    """Return when the backend has received a call of this tool."""

    def calls() -> list[str]:
        received: list[str] = client.call("echo__received")["structuredContent"]["calls"]
        return received

    with trio.fail_after(20):
        while tool not in await trio.to_thread.run_sync(calls):  # noqa: ASYNC110
            await trio.sleep(0.02)  # another process' progress has no event to wait for
