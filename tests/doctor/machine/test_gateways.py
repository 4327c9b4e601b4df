"""What the doctor says of ports and of the gateways that run."""

from __future__ import annotations

import json
import os

import pytest

from argus_trio.doctor.processes import arguments_of_serve, option_of
from tests.doctor.patient import Patient, echo, listener
from tests.e2e import gateway


def test_a_busy_port_is_told_with_who_holds_it(patient: Patient) -> None:
    with listener() as port:
        patient.write({"server": {"port": port}, "backends": {"echo": echo()}})
        told = patient.examined()
        found = told.about(f"port {port}")
        assert f"(pid {os.getpid()})" in found["what"]
        assert "--port" in found["advice"]
        assert told.code == 1


def test_a_busy_port_of_the_management_is_told_by_its_key(patient: Patient) -> None:
    with listener() as port:
        server = {"port": 0, "management": {"listen": f"127.0.0.1:{port}"}}
        patient.write({"server": server, "backends": {"echo": echo()}})
        assert "server.management.listen" in patient.examined().about(f"port {port}")["advice"]


def test_an_address_that_this_machine_does_not_have_is_told(patient: Patient) -> None:
    server = {"host": "192.0.2.7", "port": 9000, "allow_unauthenticated": True}
    patient.write({"server": server, "backends": {"echo": echo()}})
    assert "no such address" in patient.examined().about("192.0.2.7")["what"]


def test_a_gateway_that_holds_the_port_is_told_with_its_file(patient: Patient) -> None:
    other = patient.folder / "other"
    other.mkdir()
    with gateway.running({"isolation": "off", "backends": {}}, other, ready=False) as argus:
        port = int(argus.url.rpartition(":")[2])
        patient.write({"server": {"port": port}, "backends": {"echo": echo()}})
        found = patient.examined().about(f"port {port}")
    assert f"another gateway, which runs {other}/config.yaml" in found["what"]
    assert f"argus-trio shutdown --server {argus.url}" in found["advice"]


def test_a_gateway_that_runs_the_file_as_it_is_is_well(patient: Patient) -> None:
    with gateway.running({"isolation": "off", "backends": {}}, patient.folder, ready=False):
        told = patient.examined()
    assert (told.code, told.findings) == (0, [])


def test_two_gateways_on_one_file_are_told_with_both_processes(patient: Patient) -> None:
    config = {"isolation": "off", "backends": {}}
    with (
        gateway.running(config, patient.folder, ready=False) as one,
        gateway.running(config, patient.folder, ready=False) as two,
    ):
        told = patient.examined()
        found = told.about("config.yaml")
    assert (told.code, len(told.findings)) == (1, 1)
    for each in (one, two):
        assert f"(pid {each.child.process.pid})" in found["what"]
        assert each.url in found["what"]
    assert "kill" in found["advice"]


def test_a_gateway_that_runs_an_older_file_is_told_with_what_differs(patient: Patient) -> None:
    config = {"isolation": "off", "server": {"watch": False}, "backends": {}}
    with gateway.running(config, patient.folder, ready=False) as argus:
        patient.write({"server": {"watch": False, "drain_timeout": 2}, "backends": {"new": echo()}})
        found = patient.examined().about(f"the gateway at {argus.url} (pid {argus.child.process.pid})")
    assert "older config.yaml" in found["what"]
    assert "backends.new" in found["what"]
    assert found["advice"].startswith(f"argus-trio reload --server {argus.url}")


def test_a_gateway_that_goes_on_with_an_older_file_is_told_beside_the_problems(patient: Patient) -> None:
    with gateway.running({"isolation": "off", "backends": {}}, patient.folder, ready=False) as argus:
        patient.write({"backends": {"a": {"type": "stdio"}}})
        told = patient.examined()
        found = told.about(f"the gateway at {argus.url} (pid {argus.child.process.pid})")
    assert "goes on with an older config.yaml" in found["what"]
    assert told.code == 1


def test_the_token_of_the_file_is_used_and_not_shown(patient: Patient) -> None:
    server = {"management": {"token": "geheim-und-lang-genug"}, "watch": False}
    with gateway.running({"isolation": "off", "server": server, "backends": {}}, patient.folder, ready=False):
        patient.file.chmod(0o600)
        told = patient.examined()
    assert (told.code, told.findings) == (0, [])
    assert "geheim" not in told.out + told.err


def test_the_file_is_read_with_the_variables_of_the_gateway_that_runs_it(patient: Patient) -> None:
    config = {"isolation": "off", "backends": {"echo": {**echo(), "env": {"A": "${ONLY_THE_GATEWAYS}"}}}}
    with gateway.running(config, patient.folder, env={"ONLY_THE_GATEWAYS": "geheim1"}) as argus:
        told = patient.told("--no-start", "-c", str(patient.file))
    assert "ONLY_THE_GATEWAYS" not in told.out
    assert f"with the variables of the gateway that runs it (pid {argus.child.process.pid})" in told.out


@pytest.mark.parametrize(
    ("line", "behind"),
    [
        ("argus-trio serve -c a", ("-c", "a")),
        ("/usr/bin/python3 -X dev -m argus_trio serve", ()),
        ("/usr/bin/python3 /usr/bin/argus-trio serve --port 1", ("--port", "1")),
        ("timeout 60 python -m argus_trio serve", None),
        ("uv run argus-trio serve", None),
        ("argus-trio doctor", None),
        ("python -m pytest argus-trio serve", None),
        ("vi argus-trio serve", None),
    ],
)
def test_a_gateway_is_known_by_its_command_line(line: str, behind: tuple[str, ...] | None) -> None:
    assert arguments_of_serve(line.split()) == behind


@pytest.mark.parametrize("line", ["-c a.yaml", "-ca.yaml", "--config a.yaml", "--config=a.yaml", "-c b -c a.yaml"])
def test_the_file_is_known_however_it_is_named(line: str) -> None:
    assert option_of(line.split(), "-c", "--config") == "a.yaml"
    assert json.dumps(option_of(["--port", "1"], "-c", "--config")) == "null"
