"""What the doctor says of programs, and of what package runners keep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from argus_trio.doctor.machine.look_at_caches import npx_fault, npx_folder
from tests.doctor.patient import Patient, half_there, program


def test_a_program_that_is_elsewhere_in_the_home_is_told_with_its_path(patient: Patient) -> None:
    there = program(patient.home / ".local" / "bin" / "my-own-server")
    patient.write({"backends": {"mine": {"type": "stdio", "command": "my-own-server"}}})
    found = patient.examined().about("mine")
    assert f"command: {there}" in found["advice"]
    assert found["severity"] == "problem"


def test_a_missing_runner_is_told_with_where_it_comes_from(patient: Patient) -> None:
    patient.write({"backends": {"mine": {"type": "stdio", "command": "uvx", "args": ["mcp-server-time"]}}})
    empty = patient.home / "empty"
    told = patient.examined(PATH=str(empty))
    assert "docs.astral.sh/uv" in told.about("mine")["advice"] or "which the PATH" in told.about("mine")["advice"]


def test_a_file_that_is_not_executable_is_told_with_chmod(patient: Patient) -> None:
    path = program(patient.folder / "server")
    path.chmod(0o644)
    patient.write({"backends": {"mine": {"type": "stdio", "command": str(path)}}})
    found = patient.examined().about("mine")
    assert "not executable" in found["what"]
    assert "chmod +x" in found["advice"]


@pytest.mark.parametrize("first", ["#!/opt/gone/python", "#!/usr/bin/env gone-interpreter"])
def test_a_script_whose_interpreter_is_gone_is_told_with_it(patient: Patient, first: str) -> None:
    path = program(patient.folder / "server", f"{first}\nprint()\n")
    patient.write({"backends": {"mine": {"type": "stdio", "command": str(path)}}})
    found = patient.examined().about("mine")
    assert first.split("/")[-1].split()[-1] in found["what"]
    assert "is a script for" in found["what"]


def test_a_script_that_args_name_and_that_is_not_there_is_told(patient: Patient) -> None:
    patient.write({"backends": {"mine": {"type": "stdio", "command": "python3", "args": ["build/server.py"]}}})
    found = patient.examined().about("mine")
    assert f"{patient.folder}/build/server.py" in found["what"]
    assert "whole path" in found["advice"]


def test_a_missing_program_is_told_once_although_its_backend_is_not_ready_either(patient: Patient) -> None:
    patient.write({"backends": {"gone": {"type": "stdio", "command": "no-such-program-anywhere"}}})
    told = patient.examined(starts=True)
    assert [each["about"] for each in told.findings] == ["gone"]


def test_a_folder_of_npx_that_is_half_there_is_told_with_the_line_that_removes_it(patient: Patient) -> None:
    npx = program(patient.folder / "npx")
    folder = npx_folder(patient.home / ".npm", ["server-filesystem"])
    half_there(folder)
    args = ["-y", "server-filesystem", "/tmp"]
    patient.write({"backends": {"files": {"type": "stdio", "command": str(npx), "args": args}}})
    found = patient.examined().about("files")
    assert f"rm -rf {folder}" in found["advice"]
    assert ".server-filesystem-AbCd1234" in found["what"]


def test_npx_calls_its_folder_by_what_is_installed() -> None:
    assert npx_folder(Path("/c"), ["@modelcontextprotocol/inspector"]) == Path("/c/_npx/5a9d879542beca3a")


def test_whole_and_empty_folders_are_no_fault(tmp_path: Path) -> None:
    assert npx_fault(tmp_path / "none") == ""
    package = tmp_path / "node_modules" / "server"
    package.mkdir(parents=True)
    (package / "package.json").write_text("{}")
    (tmp_path / "package.json").write_text('{"dependencies": {"server": "1"}}')
    lock = {"packages": {"node_modules/server": {}, "node_modules/of-another-system": {"optional": True}}}
    (tmp_path / "node_modules" / ".package-lock.json").write_text(json.dumps(lock))
    assert npx_fault(tmp_path) == ""
    (package / "package.json").unlink()
    assert npx_fault(tmp_path) == "node_modules/server is not whole"


def test_a_command_that_leads_to_nothing_is_a_fault(tmp_path: Path) -> None:
    commands = tmp_path / "node_modules" / ".bin"
    commands.mkdir(parents=True)
    (commands / "server").symlink_to("../server/index.js")
    assert npx_fault(tmp_path) == "node_modules/.bin/server leads to nothing"


def test_a_home_that_is_not_there_is_told(patient: Patient) -> None:
    patient.write({"backends": {"mine": {"type": "stdio", "command": "python3"}}})
    assert "no such folder" in patient.examined(HOME=str(patient.folder / "gone")).about("HOME")["what"]
