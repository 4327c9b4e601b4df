"""The doors of the management API on a running gateway: token, Unix socket, an address of its own; who is kept out."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import gateway
from tests.e2e.gateway import Gateway, Json
from tests.e2e.ports import free_port

pytestmark = pytest.mark.e2e

TOKEN = "operator-4f8e1d9c5b4a39281706"
VIEWER = "viewer-4f8e1d9c5b4a39281706"
NOBODY = 65534
SENT = """
import http.client, os, socket, sys
os.setgroups([]), os.setgid(int(sys.argv[2])), os.setuid(int(sys.argv[2]))
connection = http.client.HTTPConnection("argus")
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect(sys.argv[1])
connection.request("GET", "/manage/v1/backends")
print(connection.getresponse().status)
"""


class OverUnix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("whatever.example", timeout=10)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def asked(connection: http.client.HTTPConnection, path: str, **headers: str) -> tuple[int, Json]:
    """Ask on a connection that is closed afterwards."""
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    connection.close()
    return answer.status, json.loads(body)


def at(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(url.rpartition("//")[2], timeout=10)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def config(**management: str) -> Json:
    return {"backends": {}, "server": {"management": management}}


@pytest.fixture
def runtime() -> Iterator[Path]:
    # not tmp_path, whose name is as long as a test's: the path of a socket has 107 bytes
    with tempfile.TemporaryDirectory(prefix="argus-") as folder:
        yield Path(folder)


@pytest.fixture
def with_socket(tmp_path: Path, runtime: Path) -> Iterator[Gateway]:
    with gateway.running(config(socket="auto"), tmp_path, env=environ(runtime)) as running:
        yield running


def environ(runtime: Path) -> dict[str, str]:
    return {"XDG_RUNTIME_DIR": str(runtime), "RUNTIME_DIRECTORY": ""}


def socket_of(running: Gateway) -> Path:
    url = str(running.event("management_listening")["url"])
    assert url.startswith("unix:")
    return Path(url.removeprefix("unix:"))


def test_the_user_of_the_gateway_is_the_operator_on_its_socket(with_socket: Gateway, runtime: Path) -> None:
    path = socket_of(with_socket)
    assert path == runtime / "argus-trio" / f"argus-trio-{with_socket.url.rpartition(':')[2]}.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    status, body = asked(OverUnix(path), "/manage/v1/status")
    assert status == 200
    assert f"unix:{path}" in body["transport"]["management_urls"]
    assert asked(OverUnix(path), "/mcp")[0] == 404
    assert with_socket.get("/manage/v1/backends")[0] == 401  # over TCP somebody has to say who asks
    assert with_socket.get("/manage/v1/health")[0] == 200
    assert with_socket.stop() == 0
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_is_refused_even_where_the_file_lets_them_connect(with_socket: Gateway, runtime: Path) -> None:
    path = socket_of(with_socket)
    for folder in (*reversed(path.parents[: len(path.parents) - 2]), path):
        folder.chmod(0o777)
    for user, status in ((0, "200"), (NOBODY, "403")):
        command = [sys.executable, "-c", SENT, str(path), str(user)]
        assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip() == status


def test_what_a_killed_gateway_left_is_replaced_and_what_another_serves_is_not(tmp_path: Path, runtime: Path) -> None:
    path = runtime / "argus.sock"
    with gateway.running(config(socket=str(path)), tmp_path) as first:
        assert asked(OverUnix(path), "/manage/v1/ready")[0] == 200
        first.child.signal(signal.SIGKILL)
        first.child.wait(10)
    assert path.is_socket()
    with gateway.running(config(socket=str(path)), tmp_path) as second:
        assert asked(OverUnix(path), "/manage/v1/backends")[0] == 200
        third = subprocess.run(
            [sys.executable, "-m", "argus_trio", "serve", "-c", str(tmp_path / "config.yaml"), "--port", "0"],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
        assert third.returncode == 1
        assert f"cannot listen on {path}: another gateway listens there; end it, or write another" in third.stderr
        assert asked(OverUnix(path), "/manage/v1/backends")[0] == 200
        assert second.stop() == 0
    assert not path.exists()


def test_two_gateways_of_one_user_have_a_socket_each(with_socket: Gateway, runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with gateway.running(config(socket="auto"), tmp_path / "other", env=environ(runtime)) as other:
        assert {socket_of(each) for each in (with_socket, other)} == set((runtime / "argus-trio").iterdir())
        for each in (with_socket, other):
            status, body = asked(OverUnix(socket_of(each)), "/manage/v1/status")
            assert (status, body["transport"]["urls"][0]) == (200, each.url)


def test_without_a_folder_auto_says_what_to_write(tmp_path: Path) -> None:
    path = gateway.written(config(socket="auto"), tmp_path, "none")
    without = {name: value for name, value in os.environ.items() if name not in environ(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "argus_trio", "serve", "-c", str(path), "--port", "0"],
        capture_output=True, text=True, check=False, timeout=30, env=without,
    )  # fmt: skip
    assert done.returncode == 1
    assert "neither $RUNTIME_DIRECTORY nor $XDG_RUNTIME_DIR names a folder; write a path" in done.stderr


def test_an_address_of_its_own_serves_the_management_api_and_nothing_else(tmp_path: Path) -> None:
    own = f"127.0.0.1:{free_port()}"
    with gateway.running(config(token=TOKEN, listen=own), tmp_path) as running:
        url = str(running.event("management_listening")["url"])
        assert url == f"http://{own}"
        assert asked(at(url), "/manage/v1/status", **bearer(TOKEN))[0] == 200
        assert asked(at(url), "/mcp", **bearer(TOKEN))[1]["error"] == "not_found"
        for path in ("/manage/v1/health", "/manage/v1/ready"):
            assert asked(at(url), path)[0] == running.get(path)[0] == 200
        nothing = {"error": "not_found", "message": "nothing is served at this path"}
        for path in ("/manage/v1/status", "/manage/v1/problems/not-found", "/nothing"):
            assert running.get(path, **bearer(TOKEN)) == (404, nothing)


def test_the_token_is_the_operators_at_the_management_api_alone(tmp_path: Path) -> None:
    middleware: list[Json] = [
        {"type": "authentication", "methods": [{"type": "bearer", "tokens": [{"token": VIEWER, "principal": "v"}]}]},
        {"type": "rbac", "roles": {"r": {"allow": ["tool:none"]}}},
    ]
    settings = {**config(token=TOKEN), "middleware": middleware}
    with gateway.running(settings, tmp_path) as running:
        for token, status in ((TOKEN, 200), (VIEWER, 403), ("wrong", 401)):
            assert running.get("/manage/v1/status", **bearer(token))[0] == status
        assert running.get("/mcp", **bearer(TOKEN))[0] == 401
        status, body = running.get("/manage/v1/config", **bearer(TOKEN))
        assert status == 200
        assert body["config"]["server"]["management"]["token"] == "[redacted]"
        asking = f"/manage/v1/explain?principal=v&name=tool:none&args={'%7B%7D'}"
        assert running.get(asking, **bearer(TOKEN))[1]["allowed"] is False
        for secret in (TOKEN, VIEWER):
            assert secret not in json.dumps(body)
            assert not any(secret in line for line in running.child.lines())
        (tmp_path / "config.yaml").write_text((tmp_path / "config.yaml").read_text().replace(TOKEN, TOKEN[::-1]))
        running.child.signal(signal.SIGHUP)
        running.event("reloaded")
        assert running.get("/manage/v1/backends", **bearer(TOKEN))[0] == 401
        assert running.get("/manage/v1/backends", **bearer(TOKEN[::-1]))[0] == 200


def own_address() -> str | None:
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.77", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") or address == "0.0.0.0" else address


@pytest.mark.skipif(own_address() is None, reason="this machine has loopback alone")
def test_without_credentials_nobody_manages_from_elsewhere(tmp_path: Path) -> None:
    address = own_address() or ""
    settings: Json = {
        "backends": {},
        "server": {"host": "0.0.0.0", "allow_unauthenticated": True, "allowed_hosts": [address]},
    }
    with gateway.running(settings, tmp_path) as running:
        port = running.url.rpartition(":")[2]
        status, body = asked(at(f"http://{address}:{port}"), "/manage/v1/backends")
        assert (status, body["error"]) == (403, "forbidden")
        assert "server.management.token" in body["detail"]
        assert asked(at(f"http://{address}:{port}"), "/manage/v1/health")[0] == 200
        assert asked(at(f"http://127.0.0.1:{port}"), "/manage/v1/backends")[0] == 200
