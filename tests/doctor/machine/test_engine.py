"""What the doctor says of the container engine: engines that are there and do not work."""

from __future__ import annotations

import socket
from functools import partial
from pathlib import Path

import trio

from argus_trio.doctor.examination import Examination, NamedLook
from argus_trio.doctor.examine import examine
from argus_trio.doctor.finding import DoctorFinding
from tests.doctor.patient import Patient
from tests.sandbox.engine.fake_engine import Said, docker, fake_engine


def contained(setting: str) -> dict[str, object]:
    backend = {"type": "stdio", "command": "uvx", "args": ["mcp-server-time"]}
    return {"isolation": setting, "backends": {"time": backend}}


async def test_an_engine_that_hangs_is_told(patient: Patient) -> None:
    patient.write(contained("required"))
    async with fake_engine(patient.folder / "engine.sock") as engine:
        engine.says["GET /_ping"] = Said(hangs=True)
        host = f"unix://{engine.socket}"
        told = await trio.to_thread.run_sync(partial(patient.examined, DOCKER_HOST=host))
    found = told.about("container engine")
    assert "it hangs, restart it" in found["what"]
    assert "keeps time from running" in found["what"]
    assert (told.code, found["severity"]) == (1, "problem")


async def test_an_engine_that_is_well_is_no_finding(patient: Patient) -> None:
    patient.write(contained("required"))
    async with fake_engine(patient.folder / "engine.sock") as engine:
        docker(engine)
        host = f"unix://{engine.socket}"
        told = await trio.to_thread.run_sync(partial(patient.examined, DOCKER_HOST=host))
    assert [each for each in told.findings if each["about"] in ("container engine", "time")] == []


def test_an_engine_that_a_variable_names_and_that_is_not_there_is_told(patient: Patient) -> None:
    patient.write(contained("required"))
    found = patient.examined(DOCKER_HOST=f"unix://{patient.folder}/none.sock").about("container engine")
    assert "nothing is there" in found["what"]
    assert "argus-trio isolation" in found["advice"]


def test_an_engine_that_has_ended_is_told(patient: Patient) -> None:
    patient.write(contained("required"))
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(patient.folder / "left.sock"))
    found = patient.examined(DOCKER_HOST=f"unix://{patient.folder}/left.sock").about("container engine")
    assert "its engine does not run" in found["what"]


async def test_a_look_that_hangs_is_told_itself_and_the_others_are_not_lost(autojump_clock: object) -> None:
    async def hangs(_: Examination) -> list[DoctorFinding]:
        await trio.Event().wait()
        return []

    async def finds(_: Examination) -> list[DoctorFinding]:
        await trio.lowlevel.checkpoint()
        return [DoctorFinding(severity="problem", about="it", what="is wrong", advice="mend it")]

    looks = (
        NamedLook(name="what hangs", look=hangs, needs_config=False, seconds=5),
        NamedLook(name="what finds", look=finds, needs_config=False),
        NamedLook(name="what needs the file", look=finds),
    )
    blank = Examination(path=None, config=None, environ={}, home=Path("/"), cwd=Path("/"))
    examined = await examine(blank, looks)
    assert [each.about for each in examined.findings] == ["what hangs", "it"]
    assert "more than 5 s" in examined.findings[0].what
    assert (examined.well, examined.left_out) == ((), ("what needs the file",))
