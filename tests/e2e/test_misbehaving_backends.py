"""Backends that fail in every way harm no other, and who calls them learns which one failed, and of what."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e import gateway
from tests.e2e.gateway import Gateway
from tests.e2e.raw import LEGACY, MODERN, Raw
from tests.servers.moody import LAST_WORDS

UNAVAILABLE, MISBEHAVED, TOO_LATE = -31013, -31014, -31015
TIMEOUTS = {"connect": 2, "call": 2}
PROMPTLY_SECONDS = 15.0
"""Far above every deadline here, far below a hang."""
AT_ONCE_SECONDS = 10.0
"""Far below the deadline of a call to the backends that are told at once from."""
LIMIT = 65536
READY = ("good", "banner", "nonsense", "invalid", "hangs", "mumbles", "verbose", "bounded")


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    moods = ("refuses", "mute", "banner", "nonsense", "invalid", "hangs")
    backends = {mood: gateway.stdio("moody.py", mood, timeouts=TIMEOUTS) for mood in moods}
    backends["good"] = gateway.stdio("echo.py", timeouts={"connect": 30, "call": 30})
    patient = {"connect": 30, "call": 60}
    backends["mumbles"] = gateway.stdio("moody.py", "mumbles", timeouts=patient)
    backends["verbose"] = gateway.stdio("moody.py", "verbose", timeouts=patient)
    backends["bounded"] = gateway.stdio("moody.py", "verbose", timeouts=patient, limits={"message": LIMIT})
    backends["nowhere"] = {"type": "stdio", "command": "/nonexistent/server", "timeouts": TIMEOUTS}
    backends["closed"] = gateway.http("http://127.0.0.1:9/mcp", timeouts=TIMEOUTS)
    config = {"server": {"startup_grace": 1}, "backends": backends}
    with gateway.running(config, tmp_path_factory.mktemp("failures"), ready=READY) as running:
        yield running


@pytest.fixture(params=[LEGACY, MODERN])
def client(request: pytest.FixtureRequest, argus: Gateway) -> Raw:
    return Raw(argus.url, request.param)


def refusal(client: Raw, backend: str, tool: str = "go") -> tuple[int, str]:
    """Code, and everything else that the error says, which names the backend and comes promptly."""
    started = time.monotonic()
    error = client.error("tools/call", name=f"{backend}__{tool}", arguments={})
    assert time.monotonic() - started < PROMPTLY_SECONDS
    assert error["data"]["backend"] == backend
    assert backend in error["message"]
    return error["code"], str(error)


def test_a_backend_that_ends_at_its_start_is_told_with_status_and_last_words(client: Raw) -> None:
    code, told = refusal(client, "refuses")
    assert code == UNAVAILABLE
    assert "3" in told
    assert all(line in told for line in LAST_WORDS)


def test_a_program_that_does_not_exist_is_told(client: Raw) -> None:
    code, told = refusal(client, "nowhere")
    assert code == UNAVAILABLE
    assert "/nonexistent/server" in told


def test_a_backend_that_never_answers_the_greeting_is_unavailable(client: Raw) -> None:
    assert refusal(client, "mute")[0] == UNAVAILABLE


def test_an_address_where_nobody_listens_is_unavailable(client: Raw) -> None:
    assert refusal(client, "closed")[0] == UNAVAILABLE


def test_banners_on_stdout_are_skipped(client: Raw) -> None:
    assert client.call("banner__go")["content"] == [{"type": "text", "text": "went"}]


def test_nonsense_between_messages_is_skipped(client: Raw) -> None:
    assert client.call("nonsense__go")["content"] == [{"type": "text", "text": "after all"}]


def test_an_answer_that_is_none_is_told_as_such(client: Raw) -> None:
    code, told = refusal(client, "invalid")
    assert code == MISBEHAVED
    assert "neither" in told


@pytest.mark.parametrize(
    ("how", "reason"),
    [("nan", "it holds NaN"), ("nan-first", "it holds NaN"), ("cut", "not JSON"), ("wordless", "the disk is full")],
)
def test_an_answer_that_cannot_be_read_is_told_at_once(client: Raw, how: str, reason: str) -> None:
    started = time.monotonic()
    error = client.error("tools/call", name="mumbles__go", arguments={"how": how})
    assert time.monotonic() - started < AT_ONCE_SECONDS
    assert error["code"] == MISBEHAVED
    assert reason in error["data"]["reason"]


def test_an_error_that_names_no_call_is_told_to_the_only_one(client: Raw) -> None:
    started = time.monotonic()
    error = client.error("tools/call", name="mumbles__go", arguments={"how": "nameless"})
    assert time.monotonic() - started < AT_ONCE_SECONDS
    assert (error["code"], error["message"]) == (-32700, "Parse error: I mumble")


@pytest.mark.parametrize("how", ["after-a-log", "two-in-one", "spelled"])
def test_an_answer_that_can_mean_one_thing_only_is_the_answer(client: Raw, how: str) -> None:
    assert client.call("mumbles__go", how=how)["content"] == [{"type": "text", "text": "went"}]


def test_an_answer_beyond_the_bound_fails_its_call_alone_and_names_the_key(client: Raw, argus: Gateway) -> None:
    held: list[str] = []

    def hold() -> None:
        held.append(client.call("bounded__go")["content"][0]["text"])

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        error: dict[str, Any] = {}
        while not held:  # the one that is held may come first or second
            error = client.error("tools/call", name="bounded__go", arguments={"length": LIMIT})
            holding.join(0.2)
    finally:
        holding.join(PROMPTLY_SECONDS)
    assert held == ["held"]
    assert error["code"] == MISBEHAVED
    assert error["data"]["reason"].endswith(
        "the most that limits.message allows; raise backends.bounded.limits.message"
    )
    assert str(LIMIT) in error["data"]["reason"]
    assert client.call("bounded__go", length=10)["content"] == [{"type": "text", "text": "x" * 10}]
    assert len(argus.events("backend_message_too_large")) == 1
    assert not [event for event in argus.events("backend_down") if event.get("backend") == "bounded"]


def test_a_picture_of_eighteen_megabytes_passes(client: Raw) -> None:
    assert len(client.call("verbose__go", length=18 * 1024 * 1024)["content"][0]["text"]) == 18 * 1024 * 1024


def test_a_call_that_is_never_answered_ends_at_its_deadline(client: Raw) -> None:
    assert refusal(client, "hangs")[0] == TOO_LATE


def test_a_backend_that_dies_in_a_call_is_told_with_status_and_last_words(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    backends = {"dies": gateway.stdio("moody.py", "dies"), "good": gateway.stdio("echo.py")}
    with gateway.running({"backends": backends}, tmp_path_factory.mktemp("dies")) as argus:
        client = Raw(argus.url, LEGACY)
        code, told = refusal(client, "dies")
        assert code == UNAVAILABLE
        assert "7" in told
        assert all(line in told for line in LAST_WORDS)
        assert client.call("good__echo", text="still here")["content"][0]["text"] == "still here"


def test_the_good_one_is_listed_and_answers_at_once_amid_all_of_this(client: Raw) -> None:
    names = {tool["name"] for tool in client.result("tools/list")["tools"]}
    assert "good__echo" in names
    assert not {name for name in names if name.startswith(("refuses__", "mute__", "nowhere__", "closed__"))}
    started = time.monotonic()
    assert client.call("good__echo", text="hello")["content"][0]["text"] == "hello"
    assert time.monotonic() - started < TIMEOUTS["call"]


def test_the_health_counts_who_answers(argus: Gateway) -> None:
    status, health = argus.get("/manage/v1/health")
    assert status == 200
    assert health["status"] == "degraded"
