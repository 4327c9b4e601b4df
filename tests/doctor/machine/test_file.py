"""What the doctor says of the file: its problems, its variables, its secrets."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

from tests.doctor.patient import Patient, echo


def test_nothing_is_wrong_with_a_healthy_setup(patient: Patient) -> None:
    patient.write({"backends": {"echo": echo()}})
    told = patient.examined(starts=True)
    assert (told.code, told.findings, told.err) == (0, [], "")


def test_problems_are_told_as_check_tells_them_and_what_does_not_need_the_file_is_looked_at(patient: Patient) -> None:
    patient.write({"backends": {"a": {"type": "stdio"}}})
    told = patient.examined()
    assert told.code == 1
    assert "command" in told.about("config.yaml:1")["what"]
    shown = patient.told("-c", str(patient.file), "--no-start")
    assert "not looked at, because the file cannot be read: programs" in shown.out
    assert "nothing is wrong with: variables, running gateways" in shown.out


def test_without_a_configuration_it_says_how_to_make_one(patient: Patient) -> None:
    told = patient.told("--no-start")
    assert told.code == 1
    assert "no configuration file at" in told.out
    assert "argus-trio import" in told.out


def test_a_variable_is_told_once_with_all_backends_that_need_it(patient: Patient) -> None:
    needs = {**echo(), "env": {"A": "${SOME_TOKEN}"}}
    patient.write({"backends": {"one": needs, "two": needs, "well": echo()}})
    told = patient.examined()
    found = told.about("one, two")
    assert (told.code, found["severity"]) == (1, "problem")
    assert "SOME_TOKEN is not set" in found["what"]
    assert "SOME_TOKEN=VALUE" in found["advice"]
    assert "env_file" in found["advice"]
    assert len(told.findings) == 1


def test_what_else_is_wrong_is_found_although_a_variable_is_not_set(patient: Patient) -> None:
    lacking = {**echo(), "env": {"A": "${SOME_TOKEN}"}}
    gone = {"type": "stdio", "command": "no-such-program-anywhere"}
    patient.write({"backends": {"one": lacking, "gone": gone}})
    told = patient.examined()
    assert {each["about"] for each in told.findings} == {"one", "gone"}


def test_a_secret_in_a_file_that_others_can_read_is_told_and_not_shown(patient: Patient) -> None:
    remote = {
        "type": "streamable-http",
        "url": "http://127.0.0.1:1/mcp",
        "headers": {"Authorization": "Bearer geheim1"},
    }
    patient.write({"backends": {"far": remote}}, mode=0o644)
    told = patient.examined()
    assert told.about(str(patient.file))["advice"] == f"chmod 600 {patient.file}"
    assert (told.code, told.about(str(patient.file))["severity"]) == (0, "warning")
    assert "geheim1" not in told.out + told.err


def test_a_file_that_names_variables_alone_may_be_read_by_others(patient: Patient) -> None:
    remote = {"type": "streamable-http", "url": "http://127.0.0.1:1/mcp", "headers": {"Authorization": "Bearer ${T}"}}
    patient.write({"backends": {"far": remote}}, mode=0o644)
    assert patient.examined(T="geheim1").findings == []


def test_a_wrong_address_of_a_gateway_is_wrong_usage(patient: Patient) -> None:
    patient.write({"backends": {"echo": echo()}})
    assert patient.examined("--server", "ftp://nowhere").code == 2


def test_who_waits_at_a_terminal_is_told_for_what(patient: Patient) -> None:
    patient.write({"backends": {}})
    mine, its = pty.openpty()
    words = ["doctor", "-c", str(patient.file), "--wait", "7"]
    done = subprocess.run(
        [sys.executable, "-m", "argus_trio", *words],
        env=patient.environ(),
        stdout=subprocess.DEVNULL,
        stderr=its,
        timeout=60,
        check=False,
    )
    os.close(its)
    told = os.read(mine, 4096).decode()
    os.close(mine)
    assert (done.returncode, told.strip()) == (0, "looking; backends that are starting are waited for, 7 s at most")
