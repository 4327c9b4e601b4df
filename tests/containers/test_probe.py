"""A server that tries what a container must not let it do, through the gateway: every attempt is denied, by effect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.containers import island
from tests.containers.engine import Engine
from tests.e2e import gateway
from tests.e2e.clients import Edge, connected, words
from tests.e2e.gateway import SERVERS, Gateway, Json

SCRIPT = str(SERVERS / "probe_server.py")
PROBE: Json = {"type": "stdio", "command": "python3", "args": [SCRIPT]}
CONTAINER: Json = {"image": "python:3.13-slim", "memory": 256 * 1024 * 1024, "pids": 64}
MODES: dict[str, Json] = {
    "open": {"host_services": ["database.example.org:5432"]},
    "listed": {"network": {"allow": ["public.example.org:443", "*.public.example.org:443"]}},
    "strict": {"strict": True, "mounts": [{"source": SCRIPT}]},
}
EDGE: dict[str, Edge] = {"open": "modern", "listed": "legacy", "strict": "modern"}
MAY: dict[str, list[tuple[str, int]]] = {
    "open": [("public.example.org", 80), ("other.example.org", 443), ("database.example.org", 5432)],
    "listed": [("public.example.org", 443), ("sub.public.example.org", 443)],
    "strict": [],
}
"""What each may reach: without it nothing would be shown by what cannot be reached."""
LOCAL: tuple[str, ...] = (
    "private.example.org",
    "carrier.example.org",
    "metadata.google.internal",
    "loopback.example.org",
)
LOCAL += (
    "own.example.org",
    "second.example.org",
    "localhost",
    "host.docker.internal",
    "host.containers.internal",
    "database.example.org",
)
SPELLED: tuple[str, ...] = (
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
)
SPELLED += ("[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "169.254.169.254", "10.11.12.13", "192.168.77.1", "100.64.1.1")
SPELLED += ("localhost.", "LOCALHOST", "private.example.org.", "Private.Example.org", "public.example.org@127.0.0.1")


@pytest.fixture(scope="module")
def probes(
    engine: Engine, engine_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway on an island, with a probe in each mode."""
    folder = tmp_path_factory.mktemp("probe")
    backends = {
        name: {**PROBE, "timeouts": {"call": 120}, "container": {**CONTAINER, **more}} for name, more in MODES.items()
    }
    try:
        with island.entered(folder) as found:
            config = {"backends": backends}
            with gateway.running(config, folder, env=engine_environment, launcher=found.launcher) as running:
                yield running
    except (PermissionError, FileNotFoundError) as problem:
        pytest.skip(f"a network of the test's own cannot be made here: {problem}")


async def tried(probes: Gateway, mode: str, **aim: object) -> dict[str, str | None]:
    async with connected(EDGE[mode], probes.url) as client:
        told = json.loads(words(await client.call_tool(f"{mode}__try", aim)))
    return {str(name): said for name, said in told.items()}


def reachable(engine: Engine, environment: Mapping[str, str], mode: str) -> Json:
    """What is really there and answers, or is somebody else's, and is not for a probe in this mode."""
    others = [name for name in MODES if name != mode]
    files = [f"{environment['XDG_STATE_HOME']}/argus-trio/homes/{name}/." for name in others]
    sockets = [engine.socket, "/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock"]
    sockets += [str(path) for path in Path(environment["XDG_RUNTIME_DIR"]).rglob("*.sock")]
    named = [(name, port) for name in (*LOCAL, *island.ADDRESSES) for port in island.PORTS]
    numbers = [(address, port) for address in island.ADDRESSES.values() for port in island.PORTS]
    return {
        "files": files,
        "sockets": [*sockets, f"@{island.ABSTRACT}"],
        "hosts": [each for each in dict.fromkeys(named + numbers) if each not in allowed(mode)],
        "name_servers": ["93.184.216.34", "10.11.12.13"],
        "authorities": [f"{each}:{port}" for each in SPELLED for port in island.PORTS],
    }


def allowed(mode: str) -> list[tuple[str, int]]:
    """What a probe in this mode reaches, by whatever name."""
    if mode != "open":
        return MAY[mode]
    public = [name for name, address in island.ADDRESSES.items() if address.startswith("93.")]
    return [*MAY[mode], *((name, port) for name in public for port in island.PORTS)]


@pytest.mark.parametrize("mode", MODES)
async def test_every_attempt_to_get_out_is_denied(
    probes: Gateway, engine: Engine, engine_environment: Mapping[str, str], mode: str
) -> None:
    found = await tried(probes, mode, **reachable(engine, engine_environment, mode))
    print("\n".join(f"{name}: {said}" for name, said in found.items()))
    assert len(found) > 60
    assert [name for name, said in found.items() if said is None] == []


@pytest.mark.parametrize("mode", [mode for mode, hosts in MAY.items() if hosts])
async def test_what_may_be_reached_is_reached(probes: Gateway, mode: str) -> None:
    found = await tried(probes, mode, only=["reach"], hosts=MAY[mode])
    assert found == {f"reach {host}:{port}": None for host, port in MAY[mode]}


def test_each_of_them_is_in_a_container_of_its_own(probes: Gateway, engine: Engine) -> None:
    """Or all that is denied would be so for another reason."""
    running = [each["Labels"]["argus-trio.backend"] for each in engine.containers("argus-trio.backend")]
    assert set(MODES) <= set(running)
