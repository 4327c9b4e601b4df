"""A program that uses an engine as a gateway does, and then stays until it is killed: `gateway_part.py SOCKET IMAGE`.

It prints its instance once it has a container that runs, one that was only created, and one that is being created.
"""

from __future__ import annotations

import sys

import trio

from argus_trio.sandbox.engine.control import EngineControl, open_control
from argus_trio.sandbox.engine.facts import EngineFacts
from argus_trio.sandbox.engine.probe import EngineProbe
from argus_trio.sandbox.engine.reaping.leftovers import this_gateway
from argus_trio.sandbox.engine.reaping.reaper_process import reaping


async def use(url: str, image: str) -> None:
    """Use the engine until killed."""
    facts = await EngineProbe(environ={"DOCKER_HOST": url}).find()
    if not isinstance(facts, EngineFacts):
        raise SystemExit(facts.why)
    gateway = this_gateway()
    body = {
        "Image": image,
        "Entrypoint": ["python3", "-c", "import time; time.sleep(1000)"],
        "Labels": dict(gateway.labels),
        "HostConfig": {"NetworkMode": "none", "LogConfig": {"Type": "none"}},
    }

    async def create(control: EngineControl, number: int) -> str:
        return await control.create(body, name=f"argus-part-{gateway.instance}-{number}")

    async with open_control(facts, redact=str) as control, reaping(control, gateway.instance):
        await control.start(await create(control, 0))
        await create(control, 1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(create, control, 2)
            print(gateway.instance, flush=True)
            await trio.sleep_forever()


if __name__ == "__main__":
    trio.run(use, sys.argv[1], sys.argv[2])
