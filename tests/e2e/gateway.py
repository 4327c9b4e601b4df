"""`argus-trio serve` as a real process: started on a free port, ready, stopped, and nothing of it left."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.child import MARK, ROOT, START_SECONDS, Child, left_after

Json = dict[str, Any]

STOP_SECONDS = 10.0
"""drain_timeout of the tests' configurations (2 s) and 5 s, and slack for a busy machine."""
SERVERS = ROOT / "tests" / "servers"
SPOKEN: Json = {"http": os.environ["ARGUS_TEST_HTTP"]} if "ARGUS_TEST_HTTP" in os.environ else {}
"""`server.http` where a test does not choose it: with `ARGUS_TEST_HTTP=hypercorn` all run in front of that."""


def stdio(script: str, *args: str, **more: object) -> Json:
    """The configuration of a backend that is one of tests/servers/."""
    return {"type": "stdio", "command": sys.executable, "args": [str(SERVERS / script), *args], **more}


def http(url: str, **more: object) -> Json:
    return {"type": "streamable-http", "url": url, **more}


def sse(url: str, **more: object) -> Json:
    return {"type": "sse", "url": url, **more}


class Gateway:
    """A running gateway. `url` is its origin; `mark` is in the environment of everything below it."""

    def __init__(self, child: Child, mark: str) -> None:
        self.child = child
        self.mark = mark
        self.url = str(self.event("listening")["url"]).rstrip("/")

    def event(self, name: str, *, within: float = START_SECONDS, **facts: object) -> Json:
        """The first log event of this name with these facts. Raises: AssertionError with the log if there is none."""

        def find(line: str) -> Json | None:
            event = as_event(line)
            return event if event.get("event") == name and facts.items() <= event.items() else None

        return self.child.wait_for(find, within=within)

    def events(self, name: str) -> list[Json]:
        return [event for line in self.child.lines() if (event := as_event(line)).get("event") == name]

    def get(self, path: str, **headers: str) -> tuple[int, Json]:
        """GET on the gateway: status, and the body's JSON object."""
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                body = refusal.read()
            return refusal.code, json.loads(body) if body.startswith(b"{") else {"text": body.decode()}

    def stop(self, *, within: float = STOP_SECONDS) -> int:
        """Terminate it; its exit status. Raises: AssertionError if it stays, or if anything it started does."""
        self.child.signal(signal.SIGTERM)
        status = self.child.wait(within)
        left = left_after(2.0, self.mark)
        assert not left, f"outlived the gateway: {left}"
        return status


FOR_PEOPLE = re.compile(r"\S+ \[\w+ *\] (?P<event>\w+)(?P<facts>.*)")
FACT = re.compile(r" (?P<name>\w+)=(?P<value>'[^']*'|\S+)")


def as_event(line: str) -> Json:
    """A log line of either format as its event (a line for people has texts alone); empty for whatever else came."""
    if people := FOR_PEOPLE.fullmatch(line):
        return {"event": people["event"], **{fact["name"]: fact["value"].strip("'") for fact in FACT.finditer(line)}}
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def written(config: Json, folder: Path, mark: str) -> Path:
    """The configuration as a file (JSON is YAML), every stdio backend marked."""
    backends = {
        name: {**spec, "env": {**spec.get("env", {}), MARK: mark}} if spec.get("type") == "stdio" else spec
        for name, spec in config["backends"].items()
    }
    server = {"drain_timeout": 2, **SPOKEN, **config.get("server", {})}
    path = folder / "config.yaml"
    path.write_text(json.dumps({"version": "1", **config, "server": server, "backends": backends}, indent=2))
    return path


@contextmanager
def running(
    config: Json,
    folder: Path,
    *,
    ready: bool | Sequence[str] = True,
    env: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    launcher: Sequence[str] = (),
) -> Iterator[Gateway]:
    """A gateway with this configuration; `ready` says which backends to wait for (True is all),
    and `launcher` is a command that runs the gateway's.

    Leaving it stops it and checks that it stops within its limit, with status 0, and that nothing of it is left;
    unless the test has ended it already.
    """
    mark = uuid.uuid4().hex
    path = written(config, folder, mark)
    command = [*launcher, sys.executable, "-m", "argus_trio", "serve", "-c", str(path), "--port", "0"]
    command += ["--log-format", "json"]
    with Child([*command, *arguments], env={MARK: mark, **(env or {})}) as child:
        gateway = Gateway(child, mark)
        for name in config["backends"] if ready is True else ready or ():
            gateway.event("backend_ready", backend=name)
        yield gateway
        if child.process.poll() is None:
            status = gateway.stop()
            assert status == 0, "\n".join(child.lines())
