"""Logging and telemetry in front of real servers, with a collector that takes, refuses, or never answers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.collector import CLIENT, SERVER, Collector, collecting
from tests.e2e.gateway import Gateway, Json, http, running, stdio
from tests.e2e.mirror import mirroring
from tests.e2e.raw import LEGACY, META, MODERN, Raw

QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "300"}
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OTHER, OUTER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
CANARY = "canary-5e1f"
KEY = "collectors-key"
TOKEN = "token-of-a-client-77"


def config(*collectors: str) -> Json:
    telemetry = [{"type": "telemetry", "otlp_endpoint": url, "headers": {"X-Key": KEY}} for url in collectors]
    return {"middleware": [{"type": "logging"}, *telemetry], "backends": {"echo": stdio("echo.py")}}


def test_a_call_is_two_spans_in_the_trace_of_its_client(tmp_path: Path) -> None:
    meta = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {}, "traceparent": f"00-{TRACE}-{PARENT}-01"}
    meta |= {"tracestate": "vendor=1", "baggage": f"user={CANARY}"}
    headers = {
        "traceparent": f"00-{OTHER}-{OUTER}-01",
        "baggage": f"user={CANARY}",
        "Authorization": f"Bearer {TOKEN}",
    }
    with collecting() as collector, running(config(collector.url), tmp_path, env=QUICK) as argus:
        client = Raw(argus.url, MODERN)
        client.headers |= headers
        client.request("tools/call", name="echo__fail", arguments={"text": "x"}, _meta=meta)
        client.request("tools/call", name=f"no_{CANARY}", arguments={})
        client.request(f"x/{CANARY}")
        server = collector.span("tools/call echo__fail")
        inner = collector.span("tools/call fail", CLIENT)
        unknown = collector.span("tools/call")
        collector.span("_other")
        measured = collector.wait_for(lambda: _measured(collector))
        assert collector.headers[0]["x-key"] == KEY
        assert collector.resource["service.name"] == "argus-trio"
        assert not any(word.encode() in body for body in collector.bodies for word in (CANARY, TOKEN, KEY))
        log = "\n".join(argus.child.lines())
    assert (server.trace, server.parent, server.links) == (TRACE, PARENT, (OUTER,))
    assert (inner.trace, inner.parent) == (TRACE, server.id)
    expected = {"mcp.method.name": "tools/call", "gen_ai.tool.name": "echo__fail", "error.type": "tool_error"}
    assert {**expected, "mcp.protocol.version": MODERN, "argus.backend.name": "echo"}.items() <= server.facts.items()
    assert {"gen_ai.tool.name": "fail", "network.transport": "pipe"}.items() <= inner.facts.items()
    assert (server.is_error, unknown.facts["error.type"], unknown.links) == (True, "-32602", (OUTER,))
    assert measured == {"echo__fail", "_other"}
    assert KEY not in log
    assert TOKEN not in log


def _measured(collector: Collector) -> set[str] | None:
    """The tools that calls of clients were measured with, once both sides have been."""
    assert all(bounds == BUCKETS for _, _, bounds in collector.labels)
    names = {name for name, _, _ in collector.labels}
    if names < {"mcp.server.operation.duration", "mcp.client.operation.duration"}:
        return None
    served = [facts for name, facts, _ in collector.labels if name == "mcp.server.operation.duration"]
    tools = {facts["gen_ai.tool.name"] for facts in served if "gen_ai.tool.name" in facts}
    return tools if len(tools) == 2 else None


def test_a_trace_goes_on_at_the_backend_in_meta_and_headers_and_baggage_in_no_header(tmp_path: Path) -> None:
    meta = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1", "example.org/kept": 1}
    with collecting() as collector, mirroring("legacy") as legacy, mirroring("modern") as modern:
        backends = {"legacy": http(legacy), "modern": http(modern)}
        with running({**config(collector.url), "backends": backends}, tmp_path, env=QUICK) as argus:
            client = Raw(argus.url, LEGACY)
            client.headers["baggage"] = f"user={CANARY}"
            for name in backends:
                collector.spans.clear()
                seen = client.result("tools/call", name=f"{name}__look", arguments={}, _meta=meta)["structuredContent"]
                inner = collector.span("tools/call look", CLIENT)
                traceparent = f"00-{TRACE}-{inner.id}-01"
                assert seen["meta"]["traceparent"] == seen["headers"]["traceparent"] == traceparent
                assert seen["meta"]["tracestate"] == seen["headers"]["tracestate"] == "vendor=1"
                assert seen["meta"]["example.org/kept"] == 1
                assert "baggage" not in seen["headers"]
                assert inner.facts["network.transport"] == "tcp"


def test_what_was_made_before_and_after_a_reload_is_sent_at_the_stop(tmp_path: Path) -> None:
    with collecting() as collector:
        with running(config(collector.url), tmp_path) as argus:
            path = tmp_path / "config.yaml"
            client = Raw(argus.url, LEGACY)
            client.call("echo__echo", text="before")
            changed = json.loads(path.read_text())
            changed["backends"]["echo"]["limits"] = {"concurrency": 5}
            path.write_text(json.dumps(changed))
            argus.child.signal(signal.SIGHUP)
            argus.event("reloaded")
            client.call("echo__structured")
        assert {each.name for each in collector.spans if each.kind == SERVER} == {
            "tools/call echo__echo",
            "tools/call echo__structured",
        }
        measured = [facts for name, facts, _ in collector.labels if name == "mcp.server.session.duration"]
        assert measured == [{"network.transport": "tcp", "mcp.protocol.version": LEGACY}]


def test_dead_collectors_delay_neither_a_call_nor_a_stop(tmp_path: Path) -> None:
    with collecting(status=0) as silent, collecting(status=400) as refusing, collecting(status=503) as failing:
        urls = [silent.url, refusing.url, failing.url, f"http://127.0.0.1:{_free_port()}"]
        with running(config(*urls), tmp_path, env=QUICK) as argus:
            client = Raw(argus.url, LEGACY)
            longest = 0.0
            for _ in range(60):
                began = time.perf_counter()
                client.call("echo__echo", text="x")
                longest = max(longest, time.perf_counter() - began)
            argus.event("telemetry_not_exported", signal="traces", endpoint=refusing.url)
            began = time.perf_counter()
            assert argus.stop() == 0
            stopped = time.perf_counter() - began
            assert {each["endpoint"] for each in argus.events("telemetry_given_up")} <= set(urls)
            said = [line for line in argus.child.lines() if not line.startswith("{")]
    assert longest < 2  # a collector is waited for 10 s
    assert stopped < 4
    assert said == []


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_what_is_cut_or_taken_back_is_logged_as_that(tmp_path: Path) -> None:
    off = {"middleware": [{"type": "logging"}], "backends": {"echo": stdio("echo.py")}}
    with running(off, tmp_path) as argus:
        _hang(argus, Raw(argus.url, MODERN), 76).close()
        argus.event("request", outcome="client_gone", era="modern", own_name="hang")
        legacy = Raw(argus.url, LEGACY)
        with _hang(argus, legacy, 77):
            legacy.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 77}})
            argus.event("request", outcome="cancelled", era="legacy", client="raw 1", backend_era="legacy")
        with _hang(argus, legacy, 78), _hang(argus, Raw(argus.url, MODERN), 79):
            assert argus.stop() == 0
        for era in ("legacy", "modern"):
            argus.event("request", outcome="cut", reason="stopped", era=era)


def _hang(argus: Gateway, client: Raw, number: int) -> socket.socket:
    """A connection on which a call hangs that has reached its backend."""
    params: Json = {"name": "echo__hang", "arguments": {}}
    fields = {**client.headers, "Host": client.netloc}
    if client.revision == MODERN:
        params["_meta"] = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": {}}
        fields |= {"Mcp-Method": "tools/call", "Mcp-Name": "echo__hang"}
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()
    fields["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    host, _, port = client.netloc.rpartition(":")
    stream = socket.create_connection((host, int(port)))
    hanging = _hanging(argus)
    stream.sendall(f"POST /mcp HTTP/1.1\r\n{head}\r\n".encode() + body)
    deadline = time.monotonic() + 10
    while _hanging(argus) == hanging:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return stream


def _hanging(argus: Gateway) -> int:
    """How many calls have come to the backend that it never answers."""
    received = Raw(argus.url, LEGACY).call("echo__received")
    return len(received["structuredContent"]["calls"])


def test_nothing_of_it_is_loaded_while_it_is_off(tmp_path: Path) -> None:
    program = (
        "import sys, runpy, atexit\n"
        "atexit.register(lambda: print('LOADED', sorted(n for n in sys.modules if n.startswith('opentelemetry'))))\n"
        "sys.argv = ['argus-trio', *sys.argv[4:]]\n"
        "runpy.run_module('argus_trio', run_name='__main__')\n"
    )
    off = {"middleware": [{"type": "logging"}], "backends": {"echo": stdio("echo.py")}}
    with running(off, tmp_path, launcher=[sys.executable, "-c", program]) as argus:
        Raw(argus.url, MODERN).call("echo__echo", text="x")
        assert argus.stop() == 0
        assert "LOADED []" in argus.child.lines()


def test_check_says_which_extra_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({"backends": {"echo": stdio("echo.py")}, "middleware": [{"type": "telemetry"}]}))
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").touch()  # an installation without the SDK
    command = [sys.executable, "-m", "argus_trio", "check", "-c", str(path)]
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), root))}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert "middleware[0].type" in done.stdout + done.stderr
    assert 'pip install "argus-trio[telemetry]"' in done.stdout + done.stderr
