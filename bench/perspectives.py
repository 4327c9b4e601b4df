"""What roles and many backends cost the running gateway: milliseconds of its CPU a request, over HTTP.

    python -m bench.perspectives [--rounds N]

Pairs of gateways are up at the same time and asked in turn, round after round: what else the machine does is spread
over both. The cheapest round of each counts.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from bench.client import Client, Json, encoded
from bench.gateways import ROOT, STOP_S, free_port, until_listed_by, until_listening
from bench.measure import ECHO
from bench.processes import exact_cpu_s

TOKEN = "0f8e7d6c5b4a392817060f8e7d6c5b4a"
AUTHENTICATION = {
    "type": "authentication",
    "methods": [{"type": "bearer", "tokens": [{"token": TOKEN, "principal": "ops", "roles": ["reader"]}]}],
}
RBAC = {"type": "rbac", "roles": {"reader": {"allow": ["tool:b*"], "deny": ["tool:*__write*"]}}}
TOOLS = 500
OWN_TOOLS = 13
MANY = 100


class Bearer(Client):
    """A client with a token, if the gateway asks for one."""

    def greet(self) -> None:
        self.head += f"Authorization: Bearer {TOKEN}\r\n"
        super().greet()


@attrs.define(eq=False, kw_only=True)
class Asked:
    """A gateway that is asked the same over and over, and what its cheapest round cost."""

    label: str
    pid: int
    client: Client
    body: bytes
    best: float = float("inf")

    def round(self, requests: int) -> None:
        """So many requests."""
        before = exact_cpu_s(self.pid)
        for _ in range(requests):
            _, answer = self.client.exchange(self.body)
            assert b'"result"' in answer, answer[:500]
        self.best = min(self.best, (exact_cpu_s(self.pid) - before) / requests * 1e3)


def backends(count: int, tools: int) -> Json:
    spec = {"type": "stdio", "command": sys.executable, "args": [*ECHO[1:], "--tools", str(tools)]}
    return {f"b{number}": spec for number in range(count)}


@contextmanager
def asked(label: str, config: Json, tools: int, body: bytes) -> Iterator[Asked]:
    """A gateway with this configuration, which lists so many tools."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(json.dumps({"version": "1", **config}))
        command = [sys.executable, "-m", "argus_trio", "serve", "-c", str(path), "--port", str(port)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [*command, "--log-level", "error"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until_listening(port, process)
            client = Bearer(f"http://127.0.0.1:{port}/mcp")
            until_listed_by(client.tools, tools)
            yield Asked(label=label, pid=process.pid, client=client, body=body)
            client.close()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S)


def compared(pair: Mapping[str, tuple[Json, int]], body: bytes, *, rounds: int, requests: int) -> None:
    """Ask two gateways in turn, and print what each costs."""
    with ExitStack() as gateways:
        found = [gateways.enter_context(asked(label, *each, body)) for label, each in pair.items()]
        for _ in range(rounds):
            for each in found:
                each.round(requests)
    first, second = found
    for each in found:
        print(f"{each.label:44} {each.best:8.3f} ms")
    print(f"{'':44} {(second.best / first.best - 1) * 100:+8.1f} %")


def main(options: argparse.Namespace) -> None:
    """Compare lists with and without roles, then calls with one backend and with many."""
    many: Json = {"backends": backends(1, TOOLS)}
    shown = TOOLS + OWN_TOOLS
    lists = {
        f"tools/list of {shown}, authenticated": ({**many, "middleware": [AUTHENTICATION]}, shown),
        "the same, with roles": ({**many, "middleware": [AUTHENTICATION, RBAC]}, shown),
    }
    compared(lists, encoded("tools/list", {}), rounds=options.rounds, requests=60)
    call = encoded("tools/call", {"name": "b0__echo", "arguments": {"text": "x" * 100}})
    guarded = [AUTHENTICATION, RBAC]
    calls = {
        "a call, one backend, with roles": ({"backends": backends(1, 0), "middleware": guarded}, OWN_TOOLS),
        f"the same, with {MANY} backends": ({"backends": backends(MANY, 0), "middleware": guarded}, MANY * OWN_TOOLS),
    }
    compared(calls, call, rounds=options.rounds, requests=300)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.perspectives", description="Measure roles and backends.")
    parser.add_argument("--rounds", type=int, default=10)
    main(parser.parse_args())
