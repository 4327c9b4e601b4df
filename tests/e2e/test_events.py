"""What the running gateway tells of what happens: events, their stream and metrics, as `curl` gets them."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from argus_trio.wire.event_stream import Event, EventParser
from tests.e2e import gateway
from tests.e2e.gateway import Gateway, Json
from tests.frontend.manage.watch.exposition_reader import Read, read_exposition

CONFIG: Json = {
    "backends": {"echo": gateway.stdio("echo.py"), "broken": gateway.stdio("moody.py", "refuses")},
}
SECONDS = 10.0


@contextmanager
def stream(argus: Gateway, query: str = "", **headers: str) -> Iterator[Iterator[Event]]:
    connection = http.client.HTTPConnection(urlsplit(argus.url).netloc, timeout=SECONDS)
    try:
        connection.request("GET", "/manage/v1/events/stream" + query, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        yield events_of(answer)
    finally:
        connection.close()


def events_of(answer: http.client.HTTPResponse) -> Iterator[Event]:
    parser = EventParser()
    while chunk := answer.read1():
        yield from parser.feed(chunk)


def test_backends_sessions_and_a_stop_are_told_as_they_happen_and_can_be_read_again(tmp_path: Path) -> None:
    with gateway.running(CONFIG, tmp_path, ready=["echo"]) as argus:
        argus.event("backend_down", backend="broken")
        _, listed = argus.get("/manage/v1/events?limit=1000")
        by_stage = {event["stage"]: event for event in listed["events"]}
        assert {"backend_ready", "backend_down", "catalog_changed", "gateway_started"} <= by_stage.keys()
        assert by_stage["backend_down"]["backend"] == "broken"
        assert by_stage["catalog_changed"]["details"]["added"]["tools"] > 1
        ready = by_stage["backend_ready"]
        with stream(argus, **{"Last-Event-ID": ready["id"]}) as events:
            first = next(events)
            assert (first.event, first.id) == ("heartbeat", ready["id"])
            again = [next(events) for event in listed["events"] if number(event["id"]) > number(ready["id"])]
            assert [json.loads(event.data)["id"] for event in again] == [event.id for event in again]
            open_and_close_a_session(argus)
            assert until(events, "session_opened")["details"]["client"] == "curl"
            assert until(events, "session_ended")["details"]["why"] == "client"
            with stream(argus, "?figures=1") as others:
                figures = until(others, "figures")
                assert {each["backend"] for each in figures["figures"]} == {"echo", "broken"}
            read = metrics(argus)
            assert read["argus_backend_up"].value(backend="echo") == 1
            assert read["argus_backend_up"].value(backend="broken") == 0
            assert read["argus_events_total"].value(stage="session_opened", severity="info") == 1
            assert read["argus_streams"].value() >= 1
            argus.child.signal(signal.SIGTERM)
            assert all(event.event != "gap" for event in events), "the stream ends by itself"


def metrics(argus: Gateway) -> dict[str, Read]:
    connection = http.client.HTTPConnection(urlsplit(argus.url).netloc, timeout=SECONDS)
    connection.request("GET", "/manage/v1/metrics")
    read = read_exposition(connection.getresponse().read().decode())
    connection.close()
    return read


def number(event_id: str) -> int:
    return int(event_id.rpartition("-")[2])


def until(events: Iterator[Event], stage: str) -> Json:
    found: Json = next(json.loads(event.data) for event in events if event.event == stage)
    return found


def open_and_close_a_session(argus: Gateway) -> None:
    connection = http.client.HTTPConnection(urlsplit(argus.url).netloc, timeout=SECONDS)
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "curl", "version": "1"},
        },
    }
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    connection.request("POST", "/mcp", json.dumps(hello), headers)
    answer = connection.getresponse()
    answer.read()
    connection.request("DELETE", "/mcp", headers={"Mcp-Session-Id": answer.getheader("Mcp-Session-Id") or ""})
    connection.getresponse().read()
    connection.close()
