"""Operators change a running gateway by its management API, while its clients go on."""

from __future__ import annotations

import http.client
import json
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e import gateway
from tests.e2e.child import left_after
from tests.e2e.gateway import STOP_SECONDS, Gateway, Json, running, written
from tests.e2e.raw import LEGACY, MODERN, Raw

RESTARTS = 5
UNAVAILABLE = -31013


def config(folder: Path, **more: object) -> Json:
    witness = gateway.stdio("witness.py", "1", str(folder / "record"), protocol="legacy", **more)
    return {"server": {"watch": False}, "backends": {"a": witness, "b": dict(witness)}}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Path]]:
    """A gateway for those tests that neither reload nor stop it, and the folder of its record."""
    folder = tmp_path_factory.mktemp("control")
    with running(config(folder), folder) as argus:
        yield argus, folder


@pytest.fixture
def operated(shared: tuple[Gateway, Path]) -> Iterator[Gateway]:
    """The gateway that is shared, with every backend as the file has it."""
    argus, folder = shared
    (folder / "record").unlink(missing_ok=True)
    yield argus
    assert post(argus, "/backends/a/enable")[0] == 200


@pytest.fixture
def folder(shared: tuple[Gateway, Path]) -> Path:
    """Where the calls of the gateway that is shared are recorded."""
    return shared[1]


def post(argus: Gateway, path: str, body: Json | None = None, **headers: str) -> tuple[int, Json]:
    data = b"" if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = urllib.request.Request(f"{argus.url}/manage/v1{path}", data, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, {**json.load(answer), "etag": answer.headers.get("etag")}
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def states(argus: Gateway) -> dict[str, str]:
    return {backend["name"]: backend["state"] for backend in argus.get("/manage/v1/backends")[1]["backends"]}


def names(client: Raw) -> list[str]:
    return [tool["name"] for tool in client.result("tools/list")["tools"]]


def who(client: Raw, backend: str, token: str, seconds: float = 0) -> Json:
    answer = client.request("tools/call", name=f"{backend}__who", arguments={"token": token, "seconds": seconds})
    if "error" in answer:
        return answer
    told: Json = json.loads(answer["result"]["content"][0]["text"])
    return told


def executed(folder: Path, token: str) -> None:
    """Wait until a call has reached its backend."""
    until = time.monotonic() + 10
    while token not in (folder / "record").read_text().split() if (folder / "record").exists() else True:
        assert time.monotonic() < until, token
        time.sleep(0.02)


@contextmanager
def in_flight(client: Raw, folder: Path, token: str, seconds: float) -> Iterator[Future[Json]]:
    """A call to a that is under way at its backend."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(who, client, "a", token, seconds)
        executed(folder, token)
        yield future


def test_a_restart_under_load_loses_no_call(operated: Gateway, folder: Path) -> None:
    is_over, answers, lost = threading.Event(), list[Json](), list[str]()

    def load(number: int, client: Raw) -> None:
        for count in range(10_000):
            if is_over.is_set():
                return
            token = f"{number}-{count}"
            answer = who(client, "a", token, 0.05 if count % 5 == 0 else 0)
            answers.append(answer) if answer.get("token") == token else lost.append(f"{token}: {answer}")

    clients = [Raw(operated.url, era) for era in (LEGACY, MODERN, LEGACY)]
    threads = [threading.Thread(target=load, args=each, daemon=True) for each in enumerate(clients)]
    for thread in threads:
        thread.start()
    reports = [post(operated, "/backends/a/restart") for _ in range(RESTARTS)]
    is_over.set()
    for thread in threads:
        thread.join(20)
    assert [(status, report["ok"], report["state"]) for status, report in reports] == [(200, True, "ready")] * RESTARTS
    assert len({report["etag"] for _, report in reports}) == RESTARTS
    assert lost == []
    assert len({answer["pid"] for answer in answers}) >= RESTARTS
    record = (folder / "record").read_text().split()
    assert sorted(record) == sorted(answer["token"] for answer in answers)


def test_a_client_is_told_that_a_backend_is_disabled_and_enabled_again(operated: Gateway) -> None:
    client = Raw(operated.url, LEGACY)
    stream = http.client.HTTPConnection(client.netloc, timeout=10)
    stream.request("GET", "/mcp", headers={**client.headers, "Accept": "text/event-stream"})
    lines = stream.getresponse()

    def told() -> None:
        while b"tools/list_changed" not in (line := lines.readline()):
            assert line, "the stream has ended"

    assert names(client) == ["a__who", "b__who"]
    assert post(operated, "/backends/a/disable")[1]["state"] == "disabled"
    told()
    assert names(client) == ["b__who"]
    (shown, _) = operated.get("/manage/v1/backends")[1]["backends"]
    assert (shown["state"], shown["reason"]) == ("disabled", "an operator has disabled it")
    assert operated.get("/manage/v1/health")[1]["backends"]["total"] == 1
    status, refused = post(operated, "/backends/a/restart")
    assert (status, refused["error"]) == (409, "backend_disabled")
    assert "enable it" in refused["detail"]
    assert post(operated, "/backends/a/enable")[1]["ok"]
    told()
    assert names(client) == ["a__who", "b__who"]
    assert who(client, "a", "back")["token"] == "back"
    stream.close()
    assert operated.event("backend_disabled", backend="a")["by"] == "anonymous"


def test_what_drains_ends_the_call_in_flight_and_takes_no_other(operated: Gateway, folder: Path) -> None:
    client = Raw(operated.url, LEGACY)
    with in_flight(client, folder, "slow", 0.6) as slow:
        status, report = post(operated, "/backends/a/drain")
        assert (status, report["state"], report["changed"]) == (200, "draining", True)
        refused = who(client, "a", "new")["error"]
        assert refused["code"] == UNAVAILABLE
        assert "an operator drains it" in refused["message"]
        assert names(client) == ["a__who", "b__who"]
        assert not slow.done()
        pid = slow.result()["pid"]
    assert post(operated, "/backends/a/restart")[1]["ok"]
    assert states(operated) == {"a": "draining", "b": "ready"}
    assert post(operated, "/backends/a/enable")[1]["state"] == "ready"
    assert who(client, "a", "after")["pid"] != pid
    assert (folder / "record").read_text().split() == ["slow", "after"]


def test_disabled_lasts_over_reloads_until_the_backends_own_entry_changes(tmp_path: Path) -> None:
    with running(config(tmp_path), tmp_path) as argus:
        assert post(argus, "/backends/a/disable")[1]["ok"]
        written({**config(tmp_path), "defaults": {"timeouts": {"call": 50}}}, tmp_path, argus.mark)
        argus.child.signal(signal.SIGHUP)
        argus.event("reloaded")
        assert states(argus) == {"a": "disabled", "b": "ready"}
        changed = config(tmp_path)
        changed["backends"]["a"]["timeouts"] = {"call": 50}
        written(changed, tmp_path, argus.mark)
        assert post(argus, "/reload")[0] == 200
        assert argus.event("hold_dropped")["backend"] == "a"
        client = Raw(argus.url, LEGACY)
        assert who(client, "a", "back")["token"] == "back"
        assert states(argus) == {"a": "ready", "b": "ready"}


def test_of_two_operators_who_saw_the_same_one_has_to_look_again(operated: Gateway) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            seen = post(operated, "/backends/a/enable")[1]["etag"]
            asked = [pool.submit(post, operated, f"/backends/a/{each}", If_Match=seen) for each in ("drain", "disable")]
            answers = [each.result() for each in asked]
            assert sorted(status for status, _ in answers) == [200, 412]
        post(operated, "/backends/a/enable")
        assert post(operated, "/backends/a/drain", If_Match="*")[0] == 200
        assert post(operated, "/backends/nothing/drain", If_Match="*")[0] == 404


def test_a_check_changes_nothing(operated: Gateway) -> None:
    seen = post(operated, "/backends/a/enable")[1]["etag"]
    assert post(operated, "/config/validate")[1]["backends"] == ["a", "b"]
    status, found = post(operated, "/config/validate", {"text": "backends: {a: {type: stdoi}}"})
    assert (status, found["valid"]) == (200, False)
    assert found["problems"][0]["path"] == "backends.a.type"
    assert post(operated, "/backends/a/enable")[1]["etag"] == seen
    assert operated.get("/manage/v1/reload")[1]["triggers"] == ["start"]


def test_a_stop_by_an_operator_lets_calls_end_and_exits_with_success(tmp_path: Path) -> None:
    with running(config(tmp_path), tmp_path) as argus:
        with in_flight(Raw(argus.url, LEGACY), tmp_path, "slow", 0.5) as slow:
            assert post(argus, "/shutdown")[1]["shutting_down"] is True
            assert argus.child.wait(STOP_SECONDS) == 0
            assert slow.result()["token"] == "slow"
        assert argus.event("stopping")["by"] == "anonymous"
        assert not left_after(2.0, argus.mark)


@pytest.mark.parametrize("is_hurried", [False, True])
def test_a_stop_with_a_time_of_its_own_cuts_what_takes_longer_and_a_signal_ends_it_at_once(
    tmp_path: Path, is_hurried: bool
) -> None:
    with running({**config(tmp_path), "server": {"watch": False, "drain_timeout": 60}}, tmp_path) as argus:
        with in_flight(Raw(argus.url, LEGACY), tmp_path, "slow", 50) as slow:
            began = time.monotonic()
            answer = post(argus, "/shutdown", {"timeout_seconds": 30 if is_hurried else 0.3})[1]
            assert answer["timeout_seconds"] == (30 if is_hurried else 0.3)
            if is_hurried:
                argus.event("stopping")
                argus.child.signal(signal.SIGTERM)
            assert argus.child.wait(STOP_SECONDS) == 0
            assert time.monotonic() - began < 8
            assert isinstance(slow.exception(), Exception) or "error" in slow.result()
        assert not left_after(2.0, argus.mark)
