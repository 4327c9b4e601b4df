"""Events and logs: the latest, and what comes, over a restart of the gateway."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from argus_trio.contract.events import EVENT_STREAM, EventsAnswer
from argus_trio.contract.settings import LogsAnswer
from argus_trio.manage_client.where import place_of
from argus_trio.verbs.link.client import ManageClient
from argus_trio.verbs.link.stream import Followed
from tests.cli.conftest import Run
from tests.cli.fake import Asked, FakeManagement, Streamed, problem, serving
from tests.cli.values import event, line

ROOT = Path(__file__).parents[2]


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "argus_trio", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_events_are_lines(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /events"] = EventsAnswer(events=(event(1), event(2, message="a\nb \x1b[2J")), gap=True)
    ran = argus("events", "-n", "5", "--severity", "warning", "--since", "a1-0")
    assert [each.split(" info ")[1].strip() for each in ran.out.splitlines()] == [
        "backend_ready files: it is ready",
        "backend_ready files: a b \\x1b[2J",
    ]
    assert "some are missing here" in ran.err
    assert fake.asked[0].query == "severity=warning&limit=5&since=a1-0"


def test_an_event_names_its_backend_once_and_how_often_it_happened(argus: Run, fake: FakeManagement) -> None:
    often = attrs.evolve(event(1, message="files: it ended"), details={"times": 4})
    fake.answers["GET /events"] = EventsAnswer(events=(often,), gap=False)
    assert argus("events").out.endswith(" info    backend_ready files: it ended (4 times)\n")


def test_lines_of_a_backend_say_where_they_come_from(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /logs/files"] = LogsAnswer(backend="files", lines=(line(1, "hello\x07 there"),), gap=False)
    assert argus("logs", "files").out.endswith(" stderr  hello\\x07 there\n")


def test_a_backend_that_is_not_there_has_no_log(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /logs/x"] = (404, problem("unknown-backend", 404, "no backend x"))
    ran = argus("logs", "x", "-f")
    assert (ran.code, ran.err) == (1, "argus-trio: no backend x; `argus-trio backends` lists them\n")


def test_following_goes_on_behind_the_last_event_when_the_gateway_comes_back() -> None:
    fake, asked_again = FakeManagement(), threading.Event()
    fake.answers["GET /events"] = EventsAnswer(events=(event(1),), gap=False)

    def first(stream: Streamed, asked: Asked) -> None:
        stream.send("heartbeat", {"timestamp": "x"}, "a1-1")
        stream.send("backend_down", event(2, "backend_down"), "a1-2")
        stream.end()

    def second(stream: Streamed, asked: Asked) -> None:
        stream.send("gap", {"message": "gone"})
        stream.send("backend_ready", event(1, start="b2"), "b2-1")
        asked_again.set()
        stream.until_gone(20)

    fake.answers["GET /events/stream"] = [first, second]
    words = ("events", "-f", "--json", "--severity", "info", "--server")
    with serving(fake) as address, started(*words, address) as process:
        assert process.stdout is not None
        lines = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert asked_again.wait(20)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert [each["id"] for each in lines] == ["a1-1", "a1-2", "b2-1"]
    assert process.returncode == 130
    streams = [each for each in fake.asked if each.path.endswith("/stream")]
    assert [each.headers["last-event-id"] for each in streams] == ["a1-1", "a1-2"]
    assert {each.query for each in streams} == {"severity=info"}
    assert err.splitlines() == [
        "argus-trio: the gateway has gone; waiting for it",
        "argus-trio: the gateway is there again",
        "argus-trio: some are missing here: they are gone",
        "argus-trio: the gateway was started anew: what came between is not known",
        "argus-trio: interrupted",
    ]


def test_a_gateway_that_is_silent_for_too_long_is_asked_again() -> None:
    fake = FakeManagement()
    fake.answers["GET /events/stream"] = [
        lambda stream, _: (stream.send("heartbeat", {"timestamp": "x"}, "a1-1"), stream.until_gone(20)),
        lambda stream, _: (stream.send("backend_down", event(2), "a1-2"), stream.end()),
    ]
    told: list[str] = []
    with serving(fake) as address:
        client = ManageClient(place=place_of(address, ""))
        stream = iter(Followed(client=client, operation=EVENT_STREAM, tell=told.append, silence_seconds=0.2))
        assert [next(stream).id for _ in range(2)] == ["a1-1", "a1-2"]
        stream.close()  # type: ignore[attr-defined]  # it is a generator
    assert told == ["the gateway has gone; waiting for it", "the gateway is there again"]


def test_a_log_is_followed_while_nobody_listens_for_a_while() -> None:
    fake = FakeManagement()
    fake.answers["GET /logs/files"] = [
        LogsAnswer(backend="files", lines=(), gap=False),
        lambda stream, _: (stream.send("line", line(1, "one"), "a1-1"), stream.end()),
        lambda stream, _: (stream.send("line", line(2, "two"), "a1-2"), stream.until_gone(20)),
    ]
    with serving(fake) as address:
        process = started("logs", "files", "-f", "--server", address)
        assert process.stdout is not None
        assert process.stdout.readline().endswith("one\n")
    with process, serving(fake, port=urlsplit(address).port or 0):
        assert process.stdout.readline().endswith("two\n")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert [each.query for each in fake.asked] == ["limit=200", "follow=true", "follow=true"]
    assert "last-event-id" not in fake.asked[1].headers
    assert fake.asked[2].headers["last-event-id"] == "a1-1"


def test_a_gateway_that_lets_in_no_more_ends_the_following(argus: Run, fake: FakeManagement) -> None:
    fake.answers["GET /events"] = EventsAnswer(events=(), gap=False)
    fake.answers["GET /events/stream"] = [
        lambda stream, _: (stream.send("heartbeat", {}, "a1-0"), stream.end()),
        (401, problem("unauthorized", 401, "say who asks")),
    ]
    ran = argus("events", "-f")
    assert (ran.code, "say who asks" in ran.err) == (4, True)
