"""What an engine is asked to create."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs

from argus_trio.config.model.container import Container
from argus_trio.sandbox.plan.engine_facts import EngineFacts
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.plan.outcome import Mount
from argus_trio.sandbox.plan.profile import create_body
from tests.sandbox.plan.support import DOCKER, FOLDER, PODMAN, ROOTLESS_PODMAN, backend, contained, launch_of


def body_of(launch: Launch, facts: EngineFacts = DOCKER) -> Any:
    return json.loads(json.dumps(create_body(launch, facts, instance="me", folder=FOLDER)))


def test_the_profile_is_hardened() -> None:
    body = body_of(launch_of(contained(backend("uvx", "x", container=Container(memory=1 << 30, cpus=1.5, pids=99)))))
    host = body["HostConfig"]
    assert body["User"] == "1000:1000"
    assert body["Labels"] == {"argus-trio.instance": "me", "argus-trio.backend": "x"}
    assert body["Entrypoint"] == ["python3", "-I", "-S", "/run/argus/shim.py"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["ReadonlyRootfs"] is True
    assert host["AutoRemove"] is True
    assert host["NetworkMode"] == "none"
    assert host["Memory"] == host["MemorySwap"] == 1 << 30
    assert (host["NanoCpus"], host["PidsLimit"]) == (1_500_000_000, 99)
    assert {each["Name"] for each in host["Ulimits"]} >= {"nofile", "nproc"}
    assert host["IpcMode"] == "private"
    assert host["LogConfig"]["Type"] == "none"
    assert host["Tmpfs"] == {"/tmp": "rw,noexec,nosuid,nodev,size=268435456,mode=1777"}
    assert [(each["Target"], each["ReadOnly"]) for each in host["Mounts"]] == [
        ("/home/argus", False),
        ("/run/argus", True),
        ("/etc/resolv.conf", True),
    ]


def test_no_argument_and_no_variable_is_in_the_configuration_of_a_container() -> None:
    spec = backend("uvx", "x", "--token", "SECRET-1", env={"KEY": "SECRET-2"})
    assert "SECRET" not in json.dumps(body_of(launch_of(contained(spec))))


def test_an_image_without_an_interpreter_is_told_by_the_engine_and_has_its_streams() -> None:
    plan = contained(backend("uvx", "x", "--flag", env={"KEY": "value"}))
    body = body_of(launch_of(plan, shim=None))
    assert body["Entrypoint"] == ["x", "--flag"]
    assert "KEY=value" in body["Env"]
    assert (body["OpenStdin"], body["StdinOnce"], body["HostConfig"]["Init"]) == (True, True, True)
    assert [each["Target"] for each in body["HostConfig"]["Mounts"]] == ["/home/argus"]


def test_arguments_of_an_image_without_an_interpreter_go_to_its_own_entrypoint() -> None:
    plan = contained(backend("uvx", "x", "--flag"))
    body = body_of(launch_of(plan, shim=None, uses_entrypoint=True))
    assert "Entrypoint" not in body
    assert body["Cmd"] == ["x", "--flag"]


def test_an_empty_home_belongs_to_the_user() -> None:
    plan = contained(backend("uvx", "x", container=Container(home="tmpfs")))
    docker, podman = (body_of(launch_of(plan), each)["HostConfig"]["Tmpfs"]["/home/argus"] for each in (DOCKER, PODMAN))
    assert docker == "rw,nosuid,nodev,size=268435456,uid=1000,gid=1000,mode=0700"
    assert podman == "rw,nosuid,nodev,size=268435456,mode=0777"


def test_rootless_podman_keeps_ids() -> None:
    plan = contained(backend("uvx", "x"), ROOTLESS_PODMAN)
    assert body_of(launch_of(plan), ROOTLESS_PODMAN)["HostConfig"]["UsernsMode"] == "keep-id"
    assert "UsernsMode" not in body_of(launch_of(plan), DOCKER)["HostConfig"]


def test_on_selinux_the_shim_may_reach_its_sockets() -> None:
    facts = attrs.evolve(DOCKER, has_selinux=True)
    assert body_of(launch_of(contained(backend("uvx", "x"))), facts)["HostConfig"]["SecurityOpt"] == [
        "no-new-privileges:true",
        "label=disable",
    ]


def test_a_mount_that_is_to_be_relabelled_is_asked_for_in_the_form_that_can() -> None:
    mount = Mount(source=Path("/srv/data"), target="/data", selinux="private")
    host = body_of(launch_of(contained(backend("uvx", "x")), mounts=(mount,)))["HostConfig"]
    assert host["Binds"] == ["/srv/data:/data:ro,Z"]
    assert "/data" not in {each["Target"] for each in host["Mounts"]}


def test_what_is_mounted_below_the_home_of_root_can_be_reached() -> None:
    mount = Mount(source=Path("/root/notes"), target="/root/notes")
    host = body_of(launch_of(contained(backend("uvx", "x")), mounts=(mount,)))["HostConfig"]
    assert host["Tmpfs"]["/root"].endswith("mode=0755")


def test_the_engines_own_network_has_its_own_names() -> None:
    from_bridge = contained(backend("uvx", "x", container=Container(network=None)))
    plan = attrs.evolve(from_bridge, network=attrs.evolve(from_bridge.network, mode="bridge"))
    host = body_of(launch_of(plan))["HostConfig"]
    assert host["NetworkMode"] == "bridge"
    assert "/etc/resolv.conf" not in {each["Target"] for each in host["Mounts"]}


def test_a_profile_of_system_calls_is_named_where_the_engines_own_is_looser() -> None:
    facts = attrs.evolve(PODMAN, seccomp=Path("/run/argus-trio/seccomp.json"))
    options = body_of(launch_of(contained(backend("uvx", "x"))), facts)["HostConfig"]["SecurityOpt"]
    assert options == ["no-new-privileges:true", "seccomp=/run/argus-trio/seccomp.json"]
