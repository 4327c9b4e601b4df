"""What an engine needs is loaded beside the loop: it takes a while, and calls go on meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys

LOAD = """
import json, pathlib, sys, threading, trio
from argus_trio.sandbox.engine.facts import EngineFacts
from argus_trio.sandbox.sandbox import RealRooms

NOBODY = EngineFacts(kind="docker", version="1", api_version="1.41", socket=pathlib.Path("/nowhere"))

class Seen(Exception):
    pass

class Watch:
    threads = {}
    def find_spec(self, name, path=None, target=None):
        self.threads.setdefault(name, threading.current_thread() is threading.main_thread())
        if name == "argus_trio.sandbox.in_use":
            raise Seen

async def main():
    rooms = RealRooms(environ={"DOCKER_HOST": "unix:///nowhere/docker.sock"}, redact=str)
    await rooms.find("auto")
    try:
        async with rooms.use(NOBODY):
            pass
    except Seen:
        print(json.dumps([name for name, is_in_loop in Watch.threads.items() if is_in_loop]))
        print(json.dumps(list(Watch.threads)))

sys.meta_path.insert(0, Watch())
trio.run(main)
"""


def test_no_module_of_an_engine_is_loaded_in_the_loop() -> None:
    told = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, timeout=60, check=True)
    in_loop, loaded = (json.loads(line) for line in told.stdout.splitlines())
    assert {"argus_trio.sandbox.engine.probe", "argus_trio.sandbox.in_use"} <= set(loaded)
    assert [name for name in in_loop if name.startswith(("argus_trio", "aio", "asyncio"))] == []
