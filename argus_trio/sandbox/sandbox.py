"""The sandbox of one gateway: what links, connections and the management API ask about isolation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import attrs
import trio

from argus_trio.config.model.backend import BackendSpec, StdioBackend
from argus_trio.core.health.health import Isolation, PreparingWord
from argus_trio.sandbox.plan.outcome import Bare, Contained, Plan

TellPreparing = Callable[[PreparingWord, str], None]
"""Takes what is done before a backend can be started, and the last line that was said of it."""


@attrs.define(eq=False, kw_only=True)
class Sandbox:
    """The sandbox. `run` must be under way in a task that outlives every backend."""

    environ: Mapping[str, str]
    """The gateway's own environment."""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look for an engine, and serve until cancelled; then nothing is left that was started here."""
        task_status.started()
        await trio.sleep_forever()

    async def plan(self, spec: StdioBackend) -> Plan:  # noqa: ARG002
        """The plan of a backend, once the engine is known. Never raises but `Cancelled`."""
        await trio.lowlevel.checkpoint()
        return Bare(why="isolation is not built yet")

    def isolation(self, spec: BackendSpec) -> Isolation | None:  # noqa: ARG002
        """How a backend is isolated, as far as it is known now; None for one that is no stdio backend."""
        return None

    async def prepare(self, spec: BackendSpec, tell: TellPreparing) -> None:  # noqa: ARG002
        """Return once a backend can be started at once: its image is there, or it needs none.

        Raises:
            LinkFailed: it is refused, or its image cannot be had; the tail of the log is in the details.
        """
        await trio.lowlevel.checkpoint()

    def start(self, contained: Contained) -> AbstractAsyncContextManager[Any]:
        """Its program in a container, for the length of the block.

        Raises:
            LinkFailed: (on entering) the container cannot be started.
        """
        raise NotImplementedError
