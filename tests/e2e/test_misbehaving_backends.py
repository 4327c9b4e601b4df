"""Backends that fail in every way harm no other, and who calls them learns which one failed, and of what."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.e2e import gateway
from tests.e2e.gateway import Gateway
from tests.e2e.raw import LEGACY, MODERN, Raw
from tests.servers.moody import LAST_WORDS

UNAVAILABLE, MISBEHAVED, TOO_LATE = -31013, -31014, -31015
TIMEOUTS = {"connect": 2, "call": 2}
PROMPTLY_SECONDS = 15.0
"""Far above every deadline here, far below a hang."""
READY = ("good", "banner", "nonsense", "invalid", "hangs")


@pytest.fixture(scope="module")
def argus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    moods = ("refuses", "mute", "banner", "nonsense", "invalid", "hangs")
    backends = {mood: gateway.stdio("moody.py", mood, timeouts=TIMEOUTS) for mood in moods}
    backends["good"] = gateway.stdio("echo.py", timeouts={"connect": 30, "call": 30})
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
