"""A process that stands for the gateway in tests of its sudden death: `gateway.py MARKER MODE:ARGUMENT…`.

It opens a stdio link to a nasty server for each argument, prints `ready` when all have answered, and waits.
"""

from __future__ import annotations

import sys

import attrs
import trio

from tests.backends.support.children import MARKER, ask, nasty, opened


async def hold(marker: str, what: str, task_status: trio.TaskStatus[None]) -> None:
    mode, _, argument = what.partition(":")
    # The name stands in the keeper's arguments, so that keepers are counted too.
    spec = attrs.evolve(nasty(mode, argument, env={MARKER: marker}), name=marker)
    async with opened(spec) as link:
        await ask(link, 1)
        task_status.started()
        await link.wait_failed()


async def main(marker: str, servers: list[str]) -> None:
    async with trio.open_nursery() as nursery:
        for what in servers:
            await nursery.start(hold, marker, what)
        print("ready", flush=True)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2:])
