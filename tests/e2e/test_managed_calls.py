"""Sessions and exchanges by the management API of the whole gateway, with two principals and one who may do more."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.gateway import SPOKEN, Gateway, Json, running, stdio
from tests.e2e.raw import LEGACY, MODERN, Raw

TOKENS = {name: f"{name}-7c1e9d5b4a3928170664" for name in ("ann", "ben", "watch", "ops")}
ROLES: Json = {
    "ann": {"allow": ["*"], "deny": ["manage:*"]},
    "ben": {"allow": ["tool:echo__hang"]},
    "watch": {"allow": ["manage:read"]},
    "ops": {"allow": ["manage:read", "manage:operate"]},
}
METHOD: Json = {
    "type": "bearer",
    "tokens": [{"token": token, "principal": name, "roles": [name]} for name, token in TOKENS.items()],
}
CONFIG: Json = {
    "backends": {"echo": stdio("echo.py")},
    "middleware": [{"type": "authentication", "methods": [METHOD]}, {"type": "rbac", "roles": ROLES}],
}
CANCELLED = -31017


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(CONFIG, tmp_path_factory.mktemp("managed")) as gateway:
        yield gateway


class Client(Raw):
    """A client with a token."""

    def __init__(self, argus: Gateway, name: str, revision: str) -> None:
        self.token = {"Authorization": f"Bearer {TOKENS[name]}"}
        super().__init__(argus.url, revision)

    def sent(self, message: object, **headers: str) -> http.client.HTTPConnection:
        return super().sent(message, **self.token, **headers)


def asked(argus: Gateway, name: str, path: str) -> Json:
    status, body = argus.get(f"/manage/v1{path}", Authorization=f"Bearer {TOKENS[name]}")
    assert status == 200, body
    return body


def posted(argus: Gateway, name: str, path: str) -> int:
    request = urllib.request.Request(
        f"{argus.url}/manage/v1{path}", b"", {"Authorization": f"Bearer {TOKENS[name]}"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code


@contextmanager
def hanging(client: Client) -> Iterator[list[Json]]:
    """A call of the client that does not end on its own; its error, once the block is left."""
    errors: list[Json] = []
    thread = threading.Thread(target=lambda: errors.append(client.error("tools/call", name="echo__hang", arguments={})))
    thread.start()
    yield errors
    thread.join(20)
    assert not thread.is_alive()


def under_way(argus: Gateway, name: str, count: int) -> list[Json]:
    """What is under way for a principal, once it is so many calls that wait for the backend."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        exchanges: list[Json] = asked(argus, name, "/exchanges")["exchanges"]
        if [each["waits_for"] for each in exchanges] == ["backend"] * count:
            return exchanges
        time.sleep(0.02)  # another process' progress has no event to wait for
    raise AssertionError(exchanges)


def test_each_sees_and_cancels_their_own_and_who_may_operate_all(argus: Gateway) -> None:
    ann, ben = Client(argus, "ann", LEGACY), Client(argus, "ben", MODERN)
    with hanging(ann) as of_ann, hanging(ben) as of_ben:
        under_way(argus, "watch", 2)
        (mine,) = under_way(argus, "ann", 1)
        (other,) = under_way(argus, "ben", 1)
        assert (mine["principal"], mine["client"], mine["target"]) == ("ann", "raw", "echo__hang")
        assert (other["principal"], other["session"], other["backend"]) == ("ben", None, "echo")
        assert posted(argus, "ann", f"/exchanges/{other['id']}/cancel") == 404
        assert posted(argus, "ann", "/exchanges/none-1/cancel") == 404
        assert posted(argus, "watch", f"/exchanges/{other['id']}/cancel") == 403
        assert posted(argus, "ops", f"/exchanges/{other['id']}/cancel") == 200
        assert posted(argus, "ann", f"/exchanges/{mine['id']}/cancel") == 200
    assert [error["code"] for error in (*of_ann, *of_ben)] == [CANCELLED, CANCELLED]
    received = ann.call("echo__received")["structuredContent"]["notifications"]
    assert sum(each["method"] == "notifications/cancelled" for each in received) == 2
    assert argus.event("exchange_cancelled", by="ops")["principal"] == "ben"
    (done,) = asked(argus, "ben", "/exchanges?state=done&backend=echo")["exchanges"]
    assert (done["outcome"], done["error_code"]) == ("operator", CANCELLED)


def test_each_sees_their_own_session_with_what_it_is_shown_and_who_may_operate_closes_it(argus: Gateway) -> None:
    ann, ben = Client(argus, "ann", LEGACY), Client(argus, "ben", LEGACY)
    (of_ben,) = asked(argus, "ben", "/sessions")["sessions"]
    assert (of_ben["principal"], of_ben["tool_count"]) == ("ben", 1)
    of_ann = asked(argus, "ann", "/sessions")["sessions"]
    assert {(each["principal"], each["tool_count"]) for each in of_ann} == {("ann", 13)}
    assert len(asked(argus, "watch", "/sessions")["sessions"]) == len(of_ann) + 1
    assert posted(argus, "ann", f"/sessions/{of_ben['id']}/close") == 404
    assert posted(argus, "watch", f"/sessions/{of_ben['id']}/close") == 403
    assert posted(argus, "ops", f"/sessions/{of_ben['id']}/close") == 200
    assert ben.post({"jsonrpc": "2.0", "id": 1, "method": "ping"})[0] == 404
    assert ann.post({"jsonrpc": "2.0", "id": 1, "method": "ping"})[0] == 200


def test_the_tree_names_backends_and_is_for_those_who_may_look(argus: Gateway) -> None:
    def names(node: Json) -> Iterator[str]:
        yield node["name"]
        for child in node["children"]:
            yield from names(child)

    tree = asked(argus, "watch", "/tree")
    connection = "ServedConnection.run" if SPOKEN.get("http") == "hypercorn" else "LeanConnection.run"
    assert {"backend echo", connection} <= set(names(tree["tree"]))
    assert tree["tasks"] == tree["tree"]["count"]
    assert argus.get("/manage/v1/tree", Authorization=f"Bearer {TOKENS['ann']}")[0] == 403
