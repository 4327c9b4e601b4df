"""What the dashboard costs: `python -m bench.dashboard [--backends 100] [--tools 5] [--seconds 20]`.

A real gateway with so many small stdio backends, and `argus-trio tui` in a pseudo-terminal that is read at once: the
time to its first screen, what it takes while nothing happens, the memory it holds, how long a key takes to be drawn at
rest, while calls are made, and while 200 events a second come in. The last line is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from bench.gateways import ROOT, free_port
from bench.processes import exact_cpu_s

START_S = 180.0
QUIET_S = 0.3
KEYS = 40
EVENTS_A_SECOND = 200
"""How many events are caused in a second, at most."""
SERVER = """
import json, sys
count = int(sys.argv[1])
tools = [{"name": f"tool{n}", "description": "Say something of " + "x" * 60, "inputSchema": {"type": "object"}}
         for n in range(count)]
for line in sys.stdin:
    message = json.loads(line)
    number, method = message.get("id"), message.get("method")
    if number is None:
        continue
    result = {}
    if method == "initialize":
        version = message["params"]["protocolVersion"]
        told = {"name": "s", "version": "1"}
        result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": told}
    elif method == "tools/list":
        result = {"tools": tools}
    elif method == "tools/call":
        result = {"content": [{"type": "text", "text": "said"}]}
    elif method != "ping":
        print(json.dumps({"jsonrpc": "2.0", "id": number, "error": {"code": -32601, "message": "no"}}), flush=True)
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": number, "result": result}), flush=True)
"""


@attrs.define(eq=False)
class Screen:
    """A dashboard in a pseudo-terminal, and all that it wrote."""

    pid: int
    descriptor: int
    written: int = 0

    def read(self, seconds: float) -> bytes:
        """What it writes next; empty where nothing comes within so many seconds."""
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        if not ready:
            return b""
        with contextlib.suppress(OSError):
            found = os.read(self.descriptor, 1 << 20)
            self.written += len(found)
            return found
        return b""

    def until(self, text: bytes, within: float) -> float:
        """Seconds until it writes a text."""
        began, seen = time.perf_counter(), b""
        while text not in seen:
            if time.perf_counter() - began > within:
                raise SystemExit(f"{text!r} was not drawn within {within:g} s; the end was {seen[-500:]!r}")
            seen = seen[-len(text) :] + self.read(0.1)
        return time.perf_counter() - began

    def quiet(self) -> None:
        """Return once it has written nothing for a while, at most for some seconds."""
        limit = time.perf_counter() + 5
        while self.read(QUIET_S) and time.perf_counter() < limit:
            pass

    def key(self, key: bytes) -> float:
        """Seconds from a key to the first thing drawn after it."""
        began = time.perf_counter()
        os.write(self.descriptor, key)
        if not self.read(5):
            raise SystemExit(f"nothing was drawn for {key!r}")
        return time.perf_counter() - began


@contextmanager
def gateway(backends: int, tools: int) -> Iterator[str]:
    """A gateway with so many backends of so many tools; its URL once all are connected."""
    with tempfile.TemporaryDirectory() as folder:
        server, port = Path(folder, "server.py"), free_port()
        server.write_text(SERVER)
        spec = {"type": "stdio", "command": sys.executable, "args": ["-S", "-E", str(server), str(tools)]}
        path = Path(folder, "config.yaml")
        named = {f"backend{number:03}": spec for number in range(backends)}
        path.write_text(json.dumps({"isolation": "off", "server": {"port": port}, "backends": named}))
        command = [sys.executable, "-m", "argus_trio", "serve", "-c", str(path)]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            _until_connected(url, backends)
            yield url
        finally:
            child.terminate()
            child.wait(60)


def _until_connected(url: str, backends: int) -> None:
    limit = time.perf_counter() + START_S
    while time.perf_counter() < limit:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/manage/v1/health", timeout=5) as answer:
            if json.load(answer)["backends"]["healthy"] == backends:
                return
        time.sleep(0.2)
    raise SystemExit("the backends did not start in time")


@contextmanager
def dashboard(url: str) -> Iterator[Screen]:
    """The dashboard of it, ended with the block."""
    pid, descriptor = pty.fork()
    if not pid:
        os.chdir(ROOT)
        os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)})
        os.execv(sys.executable, [sys.executable, "-m", "argus_trio", "tui", "--server", url])
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    try:
        yield Screen(pid, descriptor)
    finally:
        os.kill(pid, signal.SIGTERM)
        screen = Screen(pid, descriptor)
        while screen.read(1):
            pass
        os.waitpid(pid, 0)
        os.close(descriptor)


def call(url: str, _: int) -> None:
    """Make one call."""
    body = json.dumps({"tool": "backend000__tool0", "arguments": {}}).encode()
    request = urllib.request.Request(f"{url}/manage/v1/tools/call", body, {"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()


def cause_event(url: str, number: int) -> None:
    """Change the level of the log, which is an event, and keep to a pace."""
    began = time.perf_counter()
    body = json.dumps({"level": ("info", "warning")[number % 2]}).encode()
    request = urllib.request.Request(f"{url}/manage/v1/log-level", body, {"content-type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()
    time.sleep(max(1 / EVENTS_A_SECOND - (time.perf_counter() - began), 0))


@contextmanager
def meanwhile(work: Callable[[str, int], None], url: str) -> Iterator[list[int]]:
    """Something done over and over; how often it was."""
    made, stop = [0], threading.Event()

    def run() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                work(url, made[0])
                made[0] += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join()


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _keys(screen: Screen) -> dict[str, float]:
    taken = []
    for number in range(KEYS):
        screen.quiet()
        taken.append(screen.key(b"j" if number % 2 == 0 else b"k") * 1000)
    return {"p50_ms": round(statistics.median(taken), 1), "max_ms": round(max(taken), 1)}


def _palettes(screen: Screen) -> dict[str, float]:
    """From a key to what it alone draws, while other things are drawn all the time."""
    taken = []
    for _ in range(KEYS):
        os.write(screen.descriptor, b":")
        taken.append(screen.until(b"Palette", 10) * 1000)
        os.write(screen.descriptor, b"\x1b")
        limit = time.perf_counter() + 0.4
        while time.perf_counter() < limit:
            screen.read(0.05)
    return {"p50_ms": round(statistics.median(taken), 1), "max_ms": round(max(taken), 1)}


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", type=int, default=100)
    parser.add_argument("--tools", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    figures: dict[str, object] = {"backends": options.backends, "tools": options.backends * options.tools}
    with gateway(options.backends, options.tools) as url, dashboard(url) as screen:
        figures["first_screen_s"] = round(screen.until(b"backend000", 30), 2)
        screen.quiet()
        os.write(screen.descriptor, b"2")
        screen.quiet()
        spent, written, limit = exact_cpu_s(screen.pid), screen.written, time.perf_counter() + options.seconds
        while (left := limit - time.perf_counter()) > 0:
            screen.read(left)
        figures["idle_cpu_percent"] = round((exact_cpu_s(screen.pid) - spent) / options.seconds * 100, 2)
        figures["idle_bytes"] = screen.written - written
        figures["key"] = _keys(screen)
        with meanwhile(call, url) as made:
            began = time.perf_counter()
            figures["key_under_calls"] = _keys(screen)
            figures["calls_per_s"] = round(made[0] / (time.perf_counter() - began))
        os.write(screen.descriptor, b"6")
        with meanwhile(cause_event, url) as made:
            began = time.perf_counter()
            figures["key_under_events"] = _palettes(screen)
            figures["events_per_s"] = round(made[0] / (time.perf_counter() - began))
        figures["resident_mib"] = round(_resident(screen.pid), 1)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
