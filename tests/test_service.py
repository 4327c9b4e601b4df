"""The units of conf/ and their page: valid, in step with the gateway, and the examples work as they are shown."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from argus_trio.cli.arguments.parser import parser
from argus_trio.config.load import load
from argus_trio.config.model.backend import HttpBackend
from argus_trio.config.model.server import Server
from argus_trio.contract.sockets import SYSTEM_FOLDER

ROOT = Path(__file__).parents[1]
SERVICE = (ROOT / "conf" / "argus-trio.service").read_text()
SOCKET = (ROOT / "conf" / "argus-trio.socket").read_text()
PAGE = (ROOT / "docs" / "systemd.md").read_text()
VERIFY_S = 60.0
KNOWS_NOTIFY_RELOAD = 253


def values(unit: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE)


def value(unit: str, key: str) -> str:
    (only,) = values(unit, key)
    return only


def test_the_command_is_one_that_the_gateway_understands() -> None:
    program, *arguments = value(SERVICE, "ExecStart").split()
    assert program.endswith("/argus-trio")
    options = parser().parse_args(arguments)
    assert (options.command, options.config) == ("serve", Path("/etc/argus-trio/config.yaml"))


def test_a_stop_gets_the_time_that_it_may_take() -> None:
    assert int(value(SERVICE, "TimeoutStopSec").removesuffix("s")) >= Server().drain_timeout + 5 + 5
    assert value(SERVICE, "KillMode") == "mixed"


def test_the_socket_of_operators_has_its_folder_where_the_command_line_looks() -> None:
    assert Path("/run", value(SERVICE, "RuntimeDirectory")) == SYSTEM_FOLDER
    assert value(SERVICE, "RuntimeDirectoryMode") == "0700"
    assert f"{SYSTEM_FOLDER}/" not in SOCKET  # it goes with the service, and with it what a socket unit had put there


def test_the_service_tells_of_reloads_and_is_watched() -> None:
    assert value(SERVICE, "Type") == "notify-reload"
    assert value(SERVICE, "NotifyAccess") == "main"
    assert int(value(SERVICE, "WatchdogSec").removesuffix("s")) >= 10


def test_what_backends_need_is_not_taken_away() -> None:
    assert not values(SERVICE, "MemoryDenyWriteExecute")
    assert not values(SERVICE, "ProcSubset")
    assert not values(SERVICE, "ProtectProc")
    assert value(SERVICE, "CacheDirectory") == "argus-trio"
    assert "HOME=%C/argus-trio" in value(SERVICE, "Environment").split()
    assert "AF_UNIX" in value(SERVICE, "RestrictAddressFamilies").split()


def test_the_socket_is_the_address_that_the_gateway_would_take_itself() -> None:
    assert values(SOCKET, "ListenStream") == [f"{Server().host}:{Server().port}"]
    assert not values(SOCKET, "Accept")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    version = re.search(r"systemd (\d+)", run("systemd-analyze", "--version"))
    assert version is not None
    program = value(SERVICE, "ExecStart").split()[0]
    service = SERVICE.replace(program, "/bin/true")  # a unit whose program is missing is reported
    if int(version[1]) < KNOWS_NOTIFY_RELOAD:
        service = service.replace("notify-reload", "notify")
    (tmp_path / "argus-trio.service").write_text(service)
    (tmp_path / "argus-trio.socket").write_text(SOCKET)
    said = run("systemd-analyze", "verify", *(str(tmp_path / f"argus-trio.{kind}") for kind in ("service", "socket")))
    assert [line for line in said.splitlines() if "argus-trio" in line] == []


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=VERIFY_S, check=False)
    return done.stdout + done.stderr


def test_the_example_of_credentials_reads_them_and_keeps_them_secret(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    (name,) = {line.partition(":")[0] for line in values(PAGE, "LoadCredential")}
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / name).write_text("a-very-secret-token\n")
    (tmp_path / "config.yaml").write_text(text)
    config = load(tmp_path / "config.yaml", environ={"CREDENTIALS_DIRECTORY": str(credentials)})
    tickets = config.backends["tickets"]
    assert isinstance(tickets, HttpBackend)
    assert tickets.headers["Authorization"] == "Bearer a-very-secret-token"
    assert "a-very-secret-token" in config.secrets
    assert "a-very-secret-token" not in repr(config)


def test_the_commented_credential_is_the_one_of_the_page() -> None:
    (shown,) = values(PAGE, "LoadCredential")
    assert f"#LoadCredential={shown}" in SERVICE.splitlines()
