"""A stop ends the gateway within `drain_timeout` and 5 s, whatever it, its clients and its backends are doing."""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urljoin, urlsplit

import attrs
import pytest

from tests.e2e import gateway
from tests.e2e.child import START_SECONDS, Child, left_after, serving
from tests.e2e.gateway import SERVERS, Gateway, Json
from tests.e2e.raw import LEGACY, META, MODERN, Raw
from tests.servers.certificates import make_authority

DRAIN_SECONDS = 0.5
LIMIT_SECONDS = DRAIN_SECONDS + 5.0
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
BIG = 12_000_000
"""Bytes of an answer that no kernel buffer holds."""


@attrs.define(eq=False)
class Client:
    """One connection that does what it likes, and is then left alone."""

    stream: socket.socket
    seen: bytes = b""

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS, length: int = -1
    ) -> None:
        """Send a request; `length` is what it says that its body has, if that is not the truth."""
        fields = {"host": "localhost", "accept": "application/json, text/event-stream", **headers}
        if method == "POST":
            fields |= {"content-type": "application/json", "content-length": str(len(body) if length < 0 else length)}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.stream.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)

    def until(self, part: bytes) -> bytes:
        """Read until `part` has come; everything that came."""
        while part not in self.seen:
            more = self.stream.recv(4096)
            assert more, self.seen
            self.seen += more
        return self.seen


@attrs.define(eq=False)
class Scene:
    """A running gateway and whoever is there."""

    argus: Gateway
    owned: ExitStack
    numbers: Iterator[int] = attrs.field(factory=lambda: itertools.count(1000))

    def client(self) -> Client:
        """A connection with a receive buffer so small that what is not read stays with the gateway."""
        address = urlsplit(self.argus.url)
        stream = self.owned.enter_context(socket.socket())
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.settimeout(START_SECONDS)
        stream.connect((address.hostname, address.port))
        return Client(stream)

    def request(self, method: str, **params: object) -> bytes:
        return json.dumps({"jsonrpc": "2.0", "id": next(self.numbers), "method": method, "params": params}).encode()

    def modern(self, method: str, able: Json | None = None, client: Client | None = None, **params: object) -> Client:
        """Send a modern request, on a connection of its own where none is given."""
        meta = {f"{META}protocolVersion": MODERN, f"{META}clientCapabilities": able or {}}
        headers = {"mcp-protocol-version": MODERN, "mcp-method": method}
        if "name" in params:
            headers["mcp-name"] = str(params["name"])
        client = client or self.client()
        client.send("POST", "/mcp", self.request(method, _meta=meta, **params), headers)
        return client

    def session(self) -> dict[str, str]:
        """The headers of a new session of `/mcp`."""
        headers = Raw(self.argus.url, LEGACY).headers
        return {"mcp-session-id": headers["Mcp-Session-Id"], "mcp-protocol-version": LEGACY}

    def sse(self, able: Json | None = None) -> tuple[Client, str]:
        """Open a conversation of `/sse` and greet: its stream, and the path for its messages."""
        stream = self.client()
        stream.send("GET", "/sse")
        stream.until(b"session_id=")
        named = stream.until(b"\n\n").partition(b"data: ")[2].split()[0]
        path = urljoin("/sse", named.decode())
        about = {"name": "c", "version": "1"}
        greeting = self.request("initialize", protocolVersion="2024-11-05", capabilities=able or {}, clientInfo=about)
        self.client().send("POST", path, greeting)
        stream.until(b'"serverInfo"')
        return stream, path


def keepers_of(argus: Gateway) -> list[int]:
    tasks = Path(f"/proc/{argus.child.pid}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


def nothing(_: Scene) -> None:
    pass


def first_attempt_failed(scene: Scene) -> None:
    scene.argus.event("backend_down")


def answer_unread(scene: Scene) -> None:
    scene.modern("tools/call", name="echo__big", arguments={"bytes": BIG}).until(b"HTTP/1.1 200")


def stream_unread(scene: Scene) -> None:
    stream, path = scene.sse()
    scene.client().send("POST", path, scene.request("tools/call", name="echo__big", arguments={"bytes": BIG}))
    stream.until(b"xxxx")


def streams_open(scene: Scene) -> None:
    scene.sse()
    listening = scene.client()
    listening.send("GET", "/mcp", headers=scene.session())
    listening.until(b"text/event-stream")
    wanted = {"toolsListChanged": True, "resourceSubscriptions": ["moody://it"]}
    scene.modern("subscriptions/listen", notifications=wanted).until(b"acknowledged")


def call_parked(scene: Scene) -> None:
    able: Json = {"elicitation": {"form": {}}}
    scene.modern("tools/call", able, name="asks__go", arguments={}).until(b"requestState")


def question_unanswered(scene: Scene) -> None:
    stream, path = scene.sse({"elicitation": {}})
    scene.client().send("POST", path, scene.request("tools/call", name="asks__go", arguments={}))
    stream.until(b"elicitation/create")


def upload_under_way(scene: Scene) -> None:
    scene.client().send("POST", "/mcp", b'{"jsonrpc":', length=10_000)
    scene.client().stream.sendall(b"POST /mcp HTTP/1.1\r\nhost: loc")
    scene.client().send("POST", "/mcp", b'{"jsonrpc":', scene.session(), length=10_000)
    scene.argus.get("/manage/v1/health")  # later than the others, so that they have come in


def child_deaf(scene: Scene) -> None:
    scene.modern("tools/call", name="deaf__go", arguments={})
    scene.argus.event("backend_stderr", line="deaf from here on")
    for _ in range(3):  # more than its pipe holds: the next one waits to be written, and so does its cancellation
        scene.modern("tools/call", name="deaf__go", arguments={"much": "x" * 200_000})


def descendants_detached(scene: Scene) -> None:
    Raw(scene.argus.url, LEGACY).call("spawns__go")


def calls_hanging(scene: Scene) -> None:
    scene.modern("tools/call", name="hangs__go", arguments={})
    _, path = scene.sse()
    scene.client().send("POST", path, scene.request("tools/call", name="hangs__go", arguments={}))
    scene.argus.get("/manage/v1/health")


def moody(*moods: str) -> Json:
    return {mood: gateway.stdio("moody.py", mood) for mood in moods}


def installing(at_term: str, folder: Path | None = None) -> Json:
    """A program that works and says nothing, as one that installs packages, and what it does at TERM."""
    script = f"trap '{at_term}' TERM; echo unpacking >&2; while :; do sleep 0.02; done"
    cwd = {} if folder is None else {"cwd": str(folder)}
    return {"installs": {"type": "stdio", "command": "sh", "args": ["-c", script], **cwd}}


def install_under_way(scene: Scene) -> None:
    scene.argus.event("backend_stderr", line="unpacking")


ECHO = {"echo": gateway.stdio("echo.py")}
STATES: dict[str, tuple[Json, Callable[[Scene], None]]] = {
    "idle": (ECHO, nothing),
    "a backend that never greets": (moody("mute"), nothing),
    "a backend in backoff": (moody("refuses"), first_attempt_failed),
    "an answer that nobody reads": (ECHO, answer_unread),
    "a stream that nobody reads": (ECHO, stream_unread),
    "open streams, and a backend that does not let go": (moody("clings"), streams_open),
    "a parked call": (moody("asks"), call_parked),
    "a question that nobody answers": (moody("asks"), question_unanswered),
    "uploads under way": (ECHO, upload_under_way),
    "a child that hears nothing and closes nothing": (moody("deaf"), child_deaf),
    "a child that ignores TERM": (moody("stubborn"), nothing),
    "an install that ignores TERM": (installing(""), install_under_way),
    "descendants that detached themselves": (moody("spawns"), descendants_detached),
    "calls that hang": (moody("hangs"), calls_hanging),
}
UNREADY = {"mute", "refuses", "installs"}


@contextmanager
def scene_of(backends: Json, folder: Path, *, drain_timeout: float = DRAIN_SECONDS) -> Iterator[Scene]:
    config = {"server": {"drain_timeout": drain_timeout, "startup_grace": 0.2}, "backends": backends}
    ready = [name for name in backends if name not in UNREADY]
    with (
        gateway.running(config, folder, ready=ready, arguments=("--log-level", "debug")) as argus,
        ExitStack() as owned,
    ):
        yield Scene(argus, owned)


def seconds_to_stop(argus: Gateway, *signals: signal.Signals) -> float:
    """How long it takes to end from the last of the signals on; with status 0, and nothing of it left then."""
    for number in signals[:-1]:
        argus.child.signal(number)
        argus.event("stopping")
    started = time.monotonic()
    argus.child.signal(signals[-1])
    status = argus.child.wait(4 * LIMIT_SECONDS)
    seconds = time.monotonic() - started
    assert status == 0, "\n".join(argus.child.lines())
    assert not left_after(0, argus.mark)
    print(f"stopped in {seconds:.2f} s; drain_timeout and 5 s are {LIMIT_SECONDS:g} s")
    return seconds


@pytest.mark.parametrize("state", STATES)
def test_a_stop_is_bounded(state: str, tmp_path: Path) -> None:
    backends, arrange = STATES[state]
    with scene_of(backends, tmp_path) as scene:
        arrange(scene)
        assert seconds_to_stop(scene.argus, signal.SIGTERM) < LIMIT_SECONDS


def test_a_call_that_the_stop_cuts_is_answered_by_every_way(tmp_path: Path) -> None:
    with scene_of(ECHO, tmp_path) as scene:
        call = scene.request("tools/call", name="echo__hang", arguments={})
        stream, path = scene.sse()
        scene.client().send("POST", path, call)
        legacy = scene.client()
        legacy.send("POST", "/mcp", call, scene.session())
        modern = scene.modern("tools/call", name="echo__hang", arguments={})
        able: Json = {"elicitation": {"form": {}}}
        parked = scene.modern("tools/call", able, name="echo__hang", arguments={})
        while len(scene.argus.get("/manage/v1/exchanges")[1]["exchanges"]) < 4:
            pass
        seconds_to_stop(scene.argus, signal.SIGTERM)
        for client in (stream, legacy, modern, parked):
            client.until(b'-31016,"message":"the gateway is stopping')


def test_a_stop_gives_an_install_its_time_to_take_back_what_is_half_done(tmp_path: Path) -> None:
    with scene_of(installing("sleep 1.5; touch taken-back; exit", tmp_path), tmp_path) as scene:
        install_under_way(scene)
        assert seconds_to_stop(scene.argus, signal.SIGTERM) < LIMIT_SECONDS
    assert (tmp_path / "taken-back").exists()


def test_a_stop_is_bounded_with_everything_at_once(tmp_path: Path) -> None:
    backends: Json = {}
    for more, _ in STATES.values():
        backends |= more
    with scene_of(backends, tmp_path) as scene:
        for _, arrange in STATES.values():
            arrange(scene)
        assert seconds_to_stop(scene.argus, signal.SIGINT) < LIMIT_SECONDS


MANY = 8
"""Of each kind: more than the machine has processors, and few enough to start in seconds."""


def test_a_stop_is_bounded_with_many_that_are_deaf_or_installing(tmp_path: Path) -> None:
    kinds = {**moody("deaf", "stubborn", "mute"), **installing("")}
    backends = {f"{name}{number}": spec for name, spec in kinds.items() for number in range(MANY)}
    ready = [name for name in backends if name.rstrip("0123456789") not in UNREADY]
    config = {"server": {"drain_timeout": DRAIN_SECONDS, "startup_grace": 0.2}, "backends": backends}
    with gateway.running(config, tmp_path, ready=ready) as argus, ExitStack() as owned:
        scene = Scene(argus, owned)
        for number in range(MANY):
            for _ in range(3):
                scene.modern("tools/call", name=f"deaf{number}__go", arguments={"much": "x" * 200_000})
        argus.get("/manage/v1/health")
        assert seconds_to_stop(argus, signal.SIGTERM) < LIMIT_SECONDS


@pytest.mark.parametrize("transport", ["streamable-http", "sse"])
def test_a_stop_does_not_wait_for_a_remote_backend_that_says_nothing(tmp_path: Path, transport: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/mcp"
        with gateway.running(
            {"server": {"drain_timeout": DRAIN_SECONDS}, "backends": {"far": {"type": transport, "url": url}}},
            tmp_path,
            ready=False,
        ) as argus:
            silent.settimeout(START_SECONDS)
            with silent.accept()[0]:
                assert seconds_to_stop(argus, signal.SIGTERM) < LIMIT_SECONDS


def test_a_stop_does_not_wait_for_a_remote_backend_that_froze(tmp_path: Path) -> None:
    command = [sys.executable, str(SERVERS / "sdk.py"), "streamable-http", "--era", "legacy"]
    with Child(command) as frozen:
        url = f"http://127.0.0.1:{frozen.wait_for(serving)}/mcp"
        with scene_of({"far": gateway.http(url)}, tmp_path) as scene:
            frozen.signal(signal.SIGSTOP)
            scene.modern("tools/call", name="far__add", arguments={"a": 1, "b": 2})
            assert seconds_to_stop(scene.argus, signal.SIGTERM) < LIMIT_SECONDS
            frozen.signal(signal.SIGCONT)


def test_a_stop_does_not_wait_for_a_reload_that_reads_what_never_ends(tmp_path: Path) -> None:
    with scene_of(ECHO, tmp_path) as scene:
        (tmp_path / "config.yaml").unlink()
        os.mkfifo(tmp_path / "config.yaml")
        scene.argus.child.signal(signal.SIGHUP)
        scene.argus.get("/manage/v1/health")
        assert seconds_to_stop(scene.argus, signal.SIGTERM) < LIMIT_SECONDS


@pytest.mark.parametrize("numbers", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)])
def test_a_second_signal_does_not_wait_for_the_drain(tmp_path: Path, numbers: tuple[signal.Signals, ...]) -> None:
    backends = {**ECHO, **moody("hangs")}
    with scene_of(backends, tmp_path, drain_timeout=600) as scene:
        calls_hanging(scene)
        answer_unread(scene)
        assert seconds_to_stop(scene.argus, *numbers) < 3


def test_a_second_signal_is_bounded_with_a_child_that_hears_nothing(tmp_path: Path) -> None:
    with scene_of(moody("deaf", "stubborn", "mute"), tmp_path, drain_timeout=600) as scene:
        child_deaf(scene)
        assert seconds_to_stop(scene.argus, signal.SIGTERM, signal.SIGINT) < LIMIT_SECONDS - DRAIN_SECONDS


def test_a_stop_is_bounded_with_a_keeper_that_was_frozen(tmp_path: Path) -> None:
    with scene_of(ECHO, tmp_path) as scene:
        (keeper,) = keepers_of(scene.argus)
        os.kill(keeper, signal.SIGSTOP)
        assert seconds_to_stop(scene.argus, signal.SIGTERM) < LIMIT_SECONDS


def test_a_stop_is_bounded_with_clients_that_do_not_go_on_with_tls(tmp_path: Path) -> None:
    ca_file, _ = make_authority(tmp_path)
    chain = str(tmp_path / "server.pem")
    tls = {"cert_file": chain, "key_file": chain}
    config = {"server": {"drain_timeout": DRAIN_SECONDS, "tls": tls}, "backends": ECHO}
    with gateway.running(config, tmp_path) as argus, ExitStack() as owned:
        scene = Scene(argus, owned)
        scene.client().stream.sendall(b"\x16\x03\x01\x02")  # the beginning of a ClientHello
        trusting = ssl.create_default_context(cafile=ca_file)
        stream = owned.enter_context(trusting.wrap_socket(scene.client().stream, server_hostname="127.0.0.1"))
        client = scene.modern("tools/call", client=Client(stream), name="echo__big", arguments={"bytes": BIG})
        client.until(b"HTTP/1.1 200")
        assert seconds_to_stop(argus, signal.SIGTERM) < LIMIT_SECONDS
