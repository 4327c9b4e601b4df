"""The profile of system calls for Podman, made of Podman's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argus_trio.sandbox.engine.seccomp import WITHOUT_CAPABILITIES, as_docker_has_it, write_profile

RULES: list[dict[str, Any]] = [
    {"names": ["bdflush"], "action": "SCMP_ACT_ERRNO", "args": [], "errnoRet": 1, "errno": "EPERM"},
    {"names": ["clone", "clone3", "mount", "read", "unshare", "keyctl"], "action": "SCMP_ACT_ALLOW", "includes": {}},
    {"names": ["setns"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
]
PROFILE = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "archMap": [{"x": 1}], "syscalls": RULES}


def made() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(as_docker_has_it(json.dumps(PROFILE).encode()))
    return told


def test_what_makes_namespaces_and_mounts_is_allowed_by_no_rule() -> None:
    allowed = {
        name: each for each in made()["syscalls"] if each["action"] == "SCMP_ACT_ALLOW" for name in each["names"]
    }
    assert not WITHOUT_CAPABILITIES & allowed.keys()
    assert "clone3" not in allowed
    assert allowed["clone"]["args"][0]["value"] == 0x7E020000


def test_threads_and_processes_are_made_as_ever() -> None:
    """`clone3` is not there rather than forbidden, which is when the C library takes `clone`."""
    (rule,) = [each for each in made()["syscalls"] if each["names"] == ["clone3"]]
    assert rule["errnoRet"] == 38


def test_all_else_stays_as_podman_has_it() -> None:
    told = made()
    assert told["syscalls"][:2] == [RULES[0], {**RULES[1], "names": ["read"]}]
    assert {**told, "syscalls": RULES} == PROFILE


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"syscalls": []}', '{"syscalls": 7}', '{"syscalls": [{"names": 7, "action": "SCMP_ACT_ALLOW"}]}'],
)
def test_what_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - msgspec's own is one
        as_docker_has_it(text.encode())


def test_the_first_profile_that_can_be_read_is_taken(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("no profile")
    (tmp_path / "podman").write_text(json.dumps(PROFILE))
    path = write_profile(tmp_path, (tmp_path / "none", tmp_path / "broken", tmp_path / "podman"))
    assert path is not None
    assert json.loads(path.read_text()) == made()
    assert write_profile(tmp_path, (tmp_path / "none", tmp_path / "broken")) is None
