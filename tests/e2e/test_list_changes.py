"""Changes of lists over real HTTP, in both eras: told to those whose list a reload changes, and to nobody else."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from argus_trio.frontend.notifications.announcer import MERGE_SECONDS
from tests.e2e.gateway import Gateway, Json, running, stdio, written
from tests.e2e.raw import LEGACY, MODERN, Raw

ROLES = ("admin", "reader", "writer", "guest")
ENDPOINTS = ("", "safe", "docs", "wide")
TOKENS = {role: f"{role}-4f8e1d9c5b4a39281706" for role in ROLES}
RULES: Json = {
    "admin": {"allow": ["*"]},
    "reader": {"allow": ["tool:docs__*"], "deny": ["tool:docs__re*"]},
    "writer": {"allow": ["backend:notes"]},
    "guest": {"allow": ["tool:docs__echo"], "views": ["safe"]},
}
VIEWS: Json = {"safe": {"tools": {"deny": ["*big"]}}, "docs": {"backends": ["docs"]}, "wide": {}}
CHANGED = b"notifications/tools/list_changed"
WAIT_SECONDS = 20.0
Names = tuple[str, ...]


def config(rules: Mapping[str, object] = RULES, views: Mapping[str, object] = VIEWS, **more: object) -> Json:
    tokens = [{"token": token, "principal": role, "roles": [role]} for role, token in TOKENS.items()]
    middleware = [
        {"type": "authentication", "methods": [{"type": "bearer", "tokens": tokens}]},
        {"type": "rbac", "roles": rules},
    ]
    backends = {"docs": stdio("echo.py"), "notes": stdio("echo.py")}
    return {"server": {"watch": False}, "middleware": middleware, "views": views, "backends": {**backends, **more}}


STEPS: tuple[tuple[Json, int], ...] = (
    (config(RULES | {"reader": {"allow": ["tool:docs__*"], "deny": ["tool:docs__r*"]}}), 0),
    (config(RULES | {"reader": {"allow": ["tool:docs__*"]}}), 4),
    (config(RULES | {"guest": {"allow": ["tool:docs__echo"]}, "reader": {"allow": ["tool:docs__*"]}}), 3),
    (config(views=VIEWS | {"docs": {"backends": ["docs", "notes"]}}), 9),
    (config(), 2),
    (config(notes=stdio("echo.py", tool_overrides={"echo": {"name": "say"}})), 6),
)
"""Files one after the other, each with the number of perspectives whose list of tools it changes."""


class Listener(Raw):
    """A client with a role at an endpoint, and its stream."""

    def __init__(self, argus: Gateway, revision: str, role: str, endpoint: str) -> None:
        self.path = f"/mcp/{endpoint}".rstrip("/")
        self.token = {"Authorization": f"Bearer {TOKENS[role]}"}
        self.who = (revision, role, endpoint)
        self.told = 0
        self.came = threading.Condition()
        super().__init__(argus.url, revision)
        self.stream = self._opened()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def sent(self, message: object, **headers: str) -> http.client.HTTPConnection:
        return super().sent(message, **self.token, **headers)

    def _opened(self) -> http.client.HTTPResponse:
        if self.revision == MODERN:
            wanted = {"notifications": {"toolsListChanged": True, "promptsListChanged": True}}
            message, headers = self.message("subscriptions/listen", wanted)
            self.connection = self.sent(message, **headers)
            stream = self.connection.getresponse()
            seen = b""
            while b"acknowledged" not in (line := stream.readline()):
                assert line, (self.who, stream.status, stream.msg.as_string(), seen)
                seen += line
            return stream
        self.connection = http.client.HTTPConnection(self.netloc, timeout=60)
        self.connection.request("GET", self.path, headers={**self.headers, **self.token, "Accept": "text/event-stream"})
        stream = self.connection.getresponse()
        assert stream.status == 200, self.who
        return stream

    def _read(self) -> None:
        while line := self.stream.readline():
            if line.startswith(b"data:") and CHANGED in line:
                with self.came:
                    self.told += 1
                    self.came.notify_all()

    def wait_for(self, told: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: self.told >= told, WAIT_SECONDS), (self.who, self.told, told)

    def names(self) -> Names:
        return tuple(tool["name"] for tool in self.result("tools/list")["tools"])


@contextmanager
def listening(argus: Gateway) -> Iterator[list[Listener]]:
    """Every role at every endpoint in both eras, until the streams have ended."""
    time.sleep(2 * MERGE_SECONDS)  # what came of the start is told, with nobody to hear it
    listeners = [Listener(argus, era, role, each) for era in (LEGACY, MODERN) for role in ROLES for each in ENDPOINTS]
    try:
        yield listeners
    finally:
        if argus.child.process.poll() is None:
            argus.stop()
        for listener in listeners:
            listener.thread.join(WAIT_SECONDS)
            listener.stream.close()
            listener.connection.close()


def reload(argus: Gateway) -> int:
    """The status of the answer to a reload, once it is over."""
    connection = http.client.HTTPConnection(urlsplit(argus.url).netloc, timeout=30)
    try:
        connection.request("POST", "/manage/v1/reload", b"", {"Authorization": f"Bearer {TOKENS['admin']}"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_reload_tells_those_whose_lists_it_changes_and_nobody_else(tmp_path: Path) -> None:
    with running(config(), tmp_path) as argus, listening(argus) as listeners:
        before = {listener.who: listener.names() for listener in listeners}
        expected = dict.fromkeys(before, 0)
        for number, (step, count) in enumerate(STEPS):
            written(step, tmp_path, argus.mark)
            assert reload(argus) == 200, number
            now = {listener.who: listener.names() for listener in listeners}
            changed = {who for who in before if now[who] != before[who]}
            assert [sum(who[0] == era for who in changed) for era in (LEGACY, MODERN)] == [count, count], number
            before = now
            for listener in listeners:
                expected[listener.who] += listener.who in changed
                listener.wait_for(expected[listener.who])
        argus.stop()
        for listener in listeners:
            listener.thread.join(WAIT_SECONDS)
        assert {listener.who: listener.told for listener in listeners} == expected
