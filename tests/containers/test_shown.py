"""What users are told before anything starts is what runs then: the command, and the management API of a gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import httpx2
import pytest

from tests.containers.engine import Engine
from tests.e2e import gateway
from tests.e2e.child import ROOT
from tests.e2e.gateway import Gateway, Json

SECONDS = 60.0
SECRET = "hush-hush-0123456789"


@attrs.frozen(kw_only=True)
class Scene:
    """A gateway with a backend of each plan, and the command beside it."""

    gateway: Gateway
    path: Path
    environment: Mapping[str, str]

    def told(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "argus_trio", *words, "-c", str(self.path)]
        env = {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)

    def shown(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx2.get(f"{self.gateway.url}/manage/v1/isolation", timeout=SECONDS).json()
        return answer


@pytest.fixture(scope="module")
def scene(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    folder = Path(os.path.realpath(tmp_path_factory.mktemp("shown")))
    (folder / "data").mkdir()
    inside: Json = {
        "type": "stdio",
        "command": "python3",
        "args": ["-c", "import sys; sys.stdin.read()", str(folder / "data")],
        "env": {"TOKEN": SECRET},
        "container": {"image": "python:3.13-slim", "network": {"allow": ["api.example.com:443"]}, "memory": "64m"},
    }
    config: Json = {
        "backends": {
            "inside": inside,
            "outside": {"type": "stdio", "command": "/bin/cat"},
            "never": {"type": "stdio", "command": "/bin/cat", "container": {"isolation": "required"}},
        }
    }
    with gateway.running(config, folder, env=engine_environment, ready=False) as running:
        running.event("isolation")
        yield Scene(gateway=running, path=folder / "config.yaml", environment=engine_environment)


def test_the_command_and_the_gateway_tell_the_same(scene: Scene) -> None:
    done = scene.told("isolation", "--json")
    assert (done.returncode, done.stderr) == (1, "")  # one of them is refused
    answer, shown = json.loads(done.stdout), scene.shown()
    assert answer["plans"] == shown["plans"] == {"contained": 1, "bare": 1, "refused": 1}
    assert answer["engines"] == [shown["engine"]]
    by_name = {each["name"]: each["isolation"] for each in shown["backends"]}
    for each in answer["backends"]:
        expected = {**by_name[each["name"]], "digest": each["digest"]}
        assert {key: each[key] for key in expected} == expected
    assert by_name["inside"]["network"] == "api.example.com:443"
    assert [mount.rpartition(":")[2] for mount in by_name["inside"]["mounts"]].count("rw") == 0
    assert "isolation is required" in by_name["never"]["why"]


def test_all_that_is_decided_of_one_backend_is_shown_but_its_secrets(scene: Scene) -> None:
    done = scene.told("isolation", "inside")
    assert (done.returncode, done.stderr) == (0, "")
    assert SECRET not in done.stdout
    for line in (
        "plan: contained",
        "  is_there: true",
        "  - TOKEN",
        "    Memory: 67108864",
        "    ReadonlyRootfs: true",
    ):
        assert f"\n{line}\n" in f"\n{done.stdout}"


def test_check_tells_it_in_a_line(scene: Scene) -> None:
    done = scene.told("check")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("isolation: 1 contained, 1 bare, 1 refused (")


def test_who_reads_the_first_line_alone_is_not_told_of_a_fault(scene: Scene) -> None:
    command = f"{sys.executable} -m argus_trio isolation inside -c {scene.path} | head -n 1"
    env = {**os.environ, "PYTHONPATH": str(ROOT), **scene.environment}
    done = subprocess.run(["sh", "-c", command], env=env, capture_output=True, text=True, timeout=SECONDS, check=True)
    assert done.stdout.startswith("engine ")
    assert done.stderr == ""


def asked(scene: Scene, verb: str) -> str:
    command = [sys.executable, "-m", "argus_trio", "--server", scene.gateway.url, verb]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True, cwd=ROOT).stdout


def test_what_runs_bare_is_told_by_the_verbs_as_well(scene: Scene) -> None:
    assert "\nisolation 1 contained, 1 bare, 1 refused (" in asked(scene, "status")
    rows = {line.split()[0]: line.split()[3] for line in asked(scene, "backends").splitlines()}
    assert rows == {"NAME": "ISOLATION", "inside": "contained", "outside": "bare", "never": "refused"}
