"""The hardened profile: what an engine is asked to create, as the API of Docker 20.10 and Podman 4.3 has it.

No argument and no variable of a backend is in it: the shim gets those from the gateway. Only an image that has no
interpreter for the shim is told them here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from argus_trio.sandbox.plan.engine_facts import EngineFacts
from argus_trio.sandbox.plan.launch import BACKEND_LABEL, INSTANCE_LABEL, Launch
from argus_trio.sandbox.plan.mounting.mounts import RUN_FOLDER, target_folders
from argus_trio.sandbox.plan.outcome import Mount
from argus_trio.sandbox.plan.user import keeps_id, user_files

CreateBody = dict[str, object]

_ENTRYPOINTS: Final = {
    "python": ["python3", "-I", "-S", f"{RUN_FOLDER}/shim.py"],
    "node": ["node", f"{RUN_FOLDER}/shim.js"],
}
PROCESSES_OF_USER: Final = 16 * 1024
"""The `nproc` of a container. It counts all processes of the user on this machine, so it is no bound of a container,
and far above what its cgroup allows; without it Podman asks for more than the engine itself may have."""
SHARED_MEMORY: Final = 64 * 1024 * 1024
"""Bytes of /dev/shm, which count as memory of the container."""
STOP_SECONDS: Final = 2


def create_body(launch: Launch, facts: EngineFacts, *, instance: str, folder: Path | None) -> CreateBody:
    """The request that creates a container.

    `instance` tells whose it is; `folder` has its pipes and sockets, its shim and resolv.conf, where it has a shim.
    """
    body: CreateBody = {
        "Image": launch.image,
        "User": launch.user,
        "Labels": {INSTANCE_LABEL: instance, BACKEND_LABEL: launch.backend},
        "Tty": False,
        "Healthcheck": {"Test": ["NONE"]},
        "StopTimeout": STOP_SECONDS,
        "HostConfig": _host_config(launch, facts, folder),
    }
    if launch.shim is not None:
        return {**body, "Entrypoint": _ENTRYPOINTS[launch.shim], "Cmd": [], "WorkingDir": "/", "OpenStdin": False}
    attached: CreateBody = {
        "Cmd": list(launch.argv) if launch.uses_entrypoint else [],
        "Env": [f"{name}={value}" for name, value in launch.env.items()],
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
    }
    if not launch.uses_entrypoint:
        attached["Entrypoint"] = list(launch.argv)
    if launch.cwd is not None:
        attached["WorkingDir"] = launch.cwd
    return {**body, **attached}


def _host_config(launch: Launch, facts: EngineFacts, folder: Path | None) -> CreateBody:
    files = launch.limits.files
    config: CreateBody = {
        "NetworkMode": _network_mode(launch),
        "ReadonlyRootfs": launch.is_read_only,
        "CapDrop": ["ALL"],
        "SecurityOpt": _security(facts),
        "Privileged": False,
        "Ulimits": [
            {"Name": "nofile", "Soft": files, "Hard": files},
            {"Name": "nproc", "Soft": PROCESSES_OF_USER, "Hard": PROCESSES_OF_USER},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
        "IpcMode": "private",
        "ShmSize": SHARED_MEMORY,
        "LogConfig": {"Type": "none", "Config": {}},
        "RestartPolicy": {"Name": "no"},
        "AutoRemove": not launch.keeps_container,
        "Init": launch.shim != "python",  # that shim reaps whatever becomes its child; Node reaps its own alone
        "Tmpfs": _tmpfs(launch, facts),
        "Mounts": [_bind(each) for each in _all_mounts(launch, folder) if each.selinux is None],
        "Binds": [_labelled(each) for each in launch.mounts if each.selinux is not None],
        "Sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},
    }
    config.update(_limits(launch, facts))
    if launch.groups:
        config["GroupAdd"] = [str(each) for each in launch.groups]
    if keeps_id(facts):
        config["UsernsMode"] = "keep-id"
    return config


def _limits(launch: Launch, facts: EngineFacts) -> CreateBody:
    limits = launch.limits
    memory = min(limits.memory, facts.memory) if facts.memory else limits.memory
    found: CreateBody = {}
    if "memory" not in facts.missing_limits:
        found["Memory"] = memory
        if "swap" not in facts.missing_limits:
            found["MemorySwap"] = memory
    if "cpus" not in facts.missing_limits:
        found["NanoCpus"] = int(min(limits.cpus, float(max(facts.cpus, 1))) * 1e9)
    if "pids" not in facts.missing_limits:
        found["PidsLimit"] = limits.pids
    return found


def _network_mode(launch: Launch) -> str:
    mode = launch.network.mode
    if launch.shim is None and mode not in ("none", "bridge"):
        return launch.network.without_filter
    return "bridge" if mode == "bridge" else "none"


def _security(facts: EngineFacts) -> list[str]:
    # The policy of SELinux lets no container connect to a socket that a program outside listens on, whatever the
    # label of its file; the sockets of the shim are such. All else of the profile stays.
    labels = ["label=disable"] if facts.has_selinux else []
    profile = [f"seccomp={facts.seccomp}"] if facts.seccomp is not None else []
    return ["no-new-privileges:true", *labels, *profile]


def _all_mounts(launch: Launch, folder: Path | None) -> list[Mount]:
    found = list(launch.mounts)
    if launch.home is not None:
        found.append(Mount(source=launch.home, target=launch.home_target, is_writable=True))
    if folder is not None and launch.shim is not None:
        found.append(Mount(source=folder, target=RUN_FOLDER))
        if launch.network.mode != "bridge":
            found.append(Mount(source=folder / "resolv.conf", target="/etc/resolv.conf"))
        found += [Mount(source=folder / each, target=f"/etc/{each}") for each in user_files(launch)]
    return found


def _bind(mount: Mount) -> CreateBody:
    return {
        "Type": "bind",
        "Source": str(mount.source),
        "Target": mount.target,
        "ReadOnly": not mount.is_writable,
        "BindOptions": {"Propagation": "rprivate"},
    }


def _labelled(mount: Mount) -> str:
    # Only this older form can ask for a label.
    label = "z" if mount.selinux == "shared" else "Z"
    return f"{mount.source}:{mount.target}:{'rw' if mount.is_writable else 'ro'},{label}"


def _tmpfs(launch: Launch, facts: EngineFacts) -> Mapping[str, str]:
    size = launch.limits.tmp
    found = {"/tmp": f"rw,noexec,nosuid,nodev,size={size},mode=1777"}  # noqa: S108  # the container's own
    if launch.home is None:
        # Podman knows no uid here; in a container everything is one user's.
        owner = ",mode=0777"
        if facts.kind == "docker":
            uid, _, gid = launch.user.partition(":")
            owner = f",uid={uid},gid={gid},mode=0700" if uid.isdigit() and gid.isdigit() else owner
        found[launch.home_target] = f"rw,nosuid,nodev,size={size}{owner}"
    for hidden in target_folders(launch.mounts):
        found[hidden] = "rw,noexec,nosuid,nodev,size=65536,mode=0755"
    return found
