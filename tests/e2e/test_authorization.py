"""Roles, conditions and views through the whole gateway: what is denied cannot be told from what is not there."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Iterator

import pytest

from tests.e2e import gateway
from tests.e2e.gateway import Gateway, Json, stdio
from tests.e2e.raw import LEGACY, MODERN, Raw

pytestmark = pytest.mark.e2e

TOKENS = {name: f"{name}-4f8e1d9c5b4a39281706" for name in ("admin", "reader", "narrow", "own")}
ROLES: Json = {
    "admin": {"allow": ["*"]},
    "reader": {"allow": ["tool:one__*", "manage:read"], "deny": ["tool:one__big"]},
    "narrow": {
        "allow": ["tool:one__echo"],
        "when": {"tool:one__echo": {"/text": {"under": "/srv/public"}, "/force": {"absent": True}}},
    },
    "own": {"allow": ["backend:two/tool:echo", "backend:late/tool:echo"]},
}
CONFIG: Json = {
    "backends": {
        "one": stdio("echo.py"),
        "two": stdio("echo.py", tool_overrides={"echo": {"name": "say"}}),
        "late": {"type": "stdio", "command": sys.executable, "args": ["-c", "import sys; sys.stdin.read()"]},
    },
    "middleware": [
        {
            "type": "authentication",
            "methods": [
                {
                    "type": "bearer",
                    "tokens": [{"token": token, "principal": name, "roles": [name]} for name, token in TOKENS.items()],
                }
            ],
        },
        {"type": "rbac", "roles": ROLES},
    ],
}


class Client(Raw):
    """A client with a token."""

    def __init__(self, argus: Gateway, role: str, revision: str) -> None:
        self.token = {"Authorization": f"Bearer {TOKENS[role]}"}
        super().__init__(argus.url, revision)

    def sent(self, message: object, **headers: str) -> http.client.HTTPConnection:
        return super().sent(message, **self.token, **headers)

    def whole(self, method: str, **params: object) -> tuple[int, dict[str, str], bytes]:
        """The status, the header fields and the body of an answer, but for what differs between any two."""
        message, headers = self.message(method, params)
        status, answered, body = self.post({**message, "id": 7}, **headers)
        return status, {k: v for k, v in answered.items() if k not in ("date", "content-length")}, body


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with gateway.running(CONFIG, tmp_path_factory.mktemp("roles"), ready=["one", "two"]) as running:
        yield running


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_each_role_may_do_what_its_rules_say(argus: Gateway, revision: str) -> None:
    reader, own = (Client(argus, role, revision) for role in ("reader", "own"))
    assert reader.call("one__echo", text="a")["content"][0]["text"] == "a"
    assert own.call("two__say", text="a")["content"][0]["text"] == "a"
    for client, name in ((reader, "two__say"), (own, "one__echo"), (own, "two__echo")):
        error = client.error("tools/call", name=name, arguments={})
        assert (error["code"], error["message"]) == (-32602, f"unknown tool: {name}")


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_what_is_denied_is_answered_as_what_is_not_there_and_as_soon(argus: Gateway, revision: str) -> None:
    reader, answers = Client(argus, "reader", revision), []
    # One that is denied of three that are there, one of a backend that never gets ready, two of nobody.
    for name in ("two__say", "two__big", "one__big", "late__echo", "two__nothing", "nobody__echo"):
        began = time.monotonic()
        status, headers, body = reader.whole("tools/call", name=name, arguments={})
        answers.append((status, headers, body.replace(name.encode(), b"NAME")))
        assert time.monotonic() - began < 1, name
    assert all(answer == answers[0] for answer in answers), answers
    assert b"unknown tool: NAME" in answers[0][2]


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_conditions_hold_whatever_is_written_for_them(argus: Gateway, revision: str) -> None:
    narrow = Client(argus, "narrow", revision)
    assert narrow.call("one__echo", text="/srv/public/a")["content"][0]["text"] == "/srv/public/a"
    for arguments in ({"text": "/srv/public/../a"}, {}, {"text": "/srv/public/a", "force": False}):
        error = narrow.error("tools/call", name="one__echo", arguments=arguments)
        assert error["code"] == -31011
        assert "public" not in str(error)
    assert narrow.error("tools/call", name="one__big", arguments={})["code"] == -32602


def test_managing_is_for_who_has_a_rule(argus: Gateway) -> None:
    for role, status in (("admin", 200), ("reader", 200), ("narrow", 403)):
        token = {"Authorization": f"Bearer {TOKENS[role]}"}
        assert argus.get("/manage/v1/status", **token)[0] == status


def test_without_a_rule_one_is_told_of_the_backends_that_one_is_shown_something_of(argus: Gateway) -> None:
    for role, names in (("reader", {"one", "two", "late"}), ("narrow", {"one"})):
        status, told = argus.get("/manage/v1/backends", Authorization=f"Bearer {TOKENS[role]}")
        assert (status, {each["name"] for each in told["backends"]}) == (200, names)
