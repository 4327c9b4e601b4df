"""What the doctor says of clients' files."""

from __future__ import annotations

import json
from typing import Any

from tests.doctor.patient import Patient, echo


def cursor(patient: Patient, servers: dict[str, Any]) -> str:
    path = patient.home / ".cursor" / "mcp.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"mcpServers": servers}, indent=2))
    return str(path)


def test_servers_that_a_client_names_directly_are_told_with_the_commands_that_move_them(patient: Patient) -> None:
    direct = {"time": {"command": "uvx", "args": ["mcp-server-time"]}, "echo": {"command": "python3"}}
    path = cursor(patient, direct)
    patient.write({"server": {"port": 9417}, "backends": {"echo": echo()}})
    told = patient.examined()
    found = told.about(path)
    assert "past the gateway: time, echo" in found["what"]
    assert "echo is a backend here too" in found["what"]
    assert f"argus-trio import --only time {path}" in found["advice"]
    assert "argus-trio client cursor --url http://127.0.0.1:9417 --write" in found["advice"]
    assert (told.code, found["severity"]) == (0, "warning")


def test_a_client_that_has_the_gateway_alone_is_well(patient: Patient) -> None:
    cursor(patient, {"argus": {"url": "http://localhost:9417/mcp"}, "off": {"command": "x", "disabled": True}})
    patient.write({"server": {"port": 9417}, "backends": {"echo": echo()}})
    assert patient.examined().findings == []


def test_an_entry_that_leads_to_another_port_is_told(patient: Patient) -> None:
    path = cursor(patient, {"argus": {"url": "http://127.0.0.1:9418/mcp"}})
    patient.write({"server": {"port": 9417}, "backends": {"echo": echo()}})
    found = patient.examined().about(f"{path}:3")
    assert "leads to http://127.0.0.1:9418/mcp" in found["what"]
    assert "argus-trio client cursor --url http://127.0.0.1:9417 --write" in found["advice"]


def test_a_bridge_that_asks_the_usual_address_is_told_where_the_gateway_has_another(patient: Patient) -> None:
    path = cursor(patient, {"argus": {"command": "/opt/bin/argus-trio", "args": ["stdio"]}})
    patient.write({"server": {"port": 9417}, "backends": {"echo": echo()}})
    assert "http://127.0.0.1:9000" in patient.examined().about(f"{path}:3")["what"]


def test_a_view_that_is_not_there_is_told(patient: Patient) -> None:
    path = cursor(patient, {"argus": {"url": "http://127.0.0.1:9417/mcp/safe"}})
    patient.write({"server": {"port": 9417}, "backends": {"echo": echo()}, "views": {"sound": {}}})
    told = patient.examined()
    assert "the view safe" in told.about(f"{path}:3")["what"]
    assert "there are: sound" in told.about(f"{path}:3")["advice"]
    assert told.code == 1


def test_a_broken_file_of_a_client_is_told_with_its_line(patient: Patient) -> None:
    path = cursor(patient, {})
    (patient.home / ".cursor" / "mcp.json").write_text('{\n  "mcpServers": {]\n')
    patient.write({"backends": {"echo": echo()}})
    assert patient.examined().about(f"{path}:2")["severity"] == "warning"


def test_without_a_configuration_the_servers_of_clients_are_what_one_is_made_of(patient: Patient) -> None:
    path = cursor(patient, {"time": {"command": "uvx"}})
    assert f"argus-trio import {path} --write" in patient.told("--no-start").out
