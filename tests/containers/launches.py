"""Launches of small servers in containers as small as they can be written, for what tries both shims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from argus_trio.sandbox.container.start import StartedProgram
from argus_trio.sandbox.plan.launch import Launch
from argus_trio.sandbox.plan.network import HostRule, NetworkPolicy
from argus_trio.sandbox.plan.outcome import ResourceLimits, ShimKind

KINDS: tuple[ShimKind, ...] = ("python", "node")
IMAGES = {"python": "python:3.13-slim", "node": "node:22-slim", None: "python:3.13-slim"}
MEBIBYTE = 1024 * 1024
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "SECRET": "hunter2"}
ECHO = {
    "python": ("python3", "-S", "-c", "import os\nwhile d := os.read(0, 65536): os.write(1, d)"),
    "node": ("node", "-e", "process.stdin.pipe(process.stdout)"),
}
STUBBORN = {
    "python": (
        "python3",
        "-S",
        "-c",
        "import os, signal, time\nsignal.signal(15, signal.SIG_IGN)\nfor _ in range(3):\n"
        " if os.fork() == 0:\n  os.setsid()\n  time.sleep(1000)\nprint('ready', flush=True)\ntime.sleep(1000)",
    ),
    "node": (
        "node",
        "-e",
        "const own = \"process.on('SIGTERM', () => {}); setTimeout(() => {}, 1e6)\"; process.on('SIGTERM', () => {});"
        "for (let n = 0; n < 3; n++) require('child_process').spawn('node', ['-e', own], {detached: true});"
        "setTimeout(() => console.log('ready'), 300); setTimeout(() => {}, 1e6)",
    ),
}
HUNGRY = {
    "python": ("python3", "-S", "-c", "held = []\nwhile True: held.append(bytearray(8 << 20))"),
    "node": ("node", "-e", "const held = []; for (;;) held.push(Buffer.alloc(8 << 20, 1))"),
}


def body_of(folder: Path | None, *, made: Launch) -> Mapping[str, object]:
    """A hardened container, as small as it can be written."""
    host: dict[str, object] = {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Tmpfs": {"/tmp": "rw,noexec,nosuid,size=16m,mode=1777"},
        "Memory": made.limits.memory,
        "MemorySwap": made.limits.memory,
        "PidsLimit": made.limits.pids,
        "Ulimits": [{"Name": name, "Soft": 4096, "Hard": 4096} for name in ("nofile", "nproc")],
        "IpcMode": "private",
        "AutoRemove": True,
        "Init": made.shim != "python",
        "LogConfig": {"Type": "none"},
        "Sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},
    }
    body: dict[str, object] = {"Image": made.image, "User": made.user, "Labels": {"argus-trio.test": "shim"}}
    if folder is None:
        streams = {f"Attach{name}": True for name in ("Stdin", "Stdout", "Stderr")}
        own = {"Entrypoint": list(made.argv), "Env": [f"{name}={value}" for name, value in made.env.items()]}
        return {**body, **own, **streams, "OpenStdin": True, "StdinOnce": True, "HostConfig": host}
    mounted = {"/run/argus": folder, "/etc/resolv.conf": folder / "resolv.conf"}
    host["Mounts"] = [
        {"Type": "bind", "Source": str(source), "Target": target, "ReadOnly": True}
        for target, source in mounted.items()
    ]
    shims = {"python": ["python3", "-I", "-S", "/run/argus/shim.py"], "node": ["node", "/run/argus/shim.js"]}
    return {**body, "Entrypoint": shims[made.shim or "python"], "Cmd": [], "HostConfig": host}


def launch(
    kind: ShimKind | None, *argv: str, memory: int = 256 * MEBIBYTE, cwd: str | None = None, ports: tuple[int, ...] = ()
) -> Launch:
    rules = tuple(HostRule(host="db.example.com", port=port) for port in ports)
    return Launch(
        backend="files",
        image=IMAGES[kind],
        shim=kind,
        argv=argv,
        env=ENV,
        cwd=cwd,
        user="65532:65532",
        network=NetworkPolicy(mode="allow", services=rules) if ports else NetworkPolicy(mode="none"),
        limits=ResourceLimits(memory=memory, cpus=1, pids=64),
    )


async def read_line(program: StartedProgram, *, count: int = 1) -> bytes:
    """So many lines of a server, which says nothing more before it is spoken to."""
    read = bytearray()
    while not read.endswith(b"\n") or read.count(b"\n") < count:
        chunk = await program.stdout.receive()
        assert chunk, f"it ended: {read[:100]!r}"
        read += chunk
    return bytes(read).strip()
