"""How long the first list of a client takes, and how many processes it leads to: `python -m bench.first_list [N]...`.

N warm stdio backends stand behind the gateway (12 and 40 without an argument), each the echo server of the tests. Their
tools are listed once by a client that can be asked nothing, by one with roots, and by one with everything. Counted are
the processes below the gateway, a keeper for each backend included: before the list, and the most within `WATCHED_S`
after it. No timing is asserted.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import attrs

from bench.client import Client, Json
from bench.gateways import Commands, Running, started
from bench.measure import ECHO, OWN_TOOLS
from bench.processes import descendants

WATCHED_S = 12.0
"""How long processes are counted after a first list: what it leads to in the background begins within that."""
PAUSE_S = 0.05

EVERYTHING: Json = {
    "elicitation": {"form": {}, "url": {}},
    "sampling": {"tools": {}, "context": {}},
    "roots": {"listChanged": True},
}
CLIENTS: dict[str, Json] = {"plain": {}, "roots": {"roots": {}}, "everything": EVERYTHING}


@attrs.frozen(kw_only=True)
class FirstList:
    """The first list of one kind of client."""

    seconds: float
    """From the request for the list to its answer; the handshake is not in it."""
    tools: int
    before: int
    """Processes below the gateway before the client came."""
    most: int
    """The most processes below the gateway at once, until `WATCHED_S` after the answer."""


def first_list(running: Running, capabilities: Json) -> FirstList:
    """List as a client with these capabilities, the first of its kind."""
    before = len(descendants(running.pid))
    client = Client(running.urls[0], capabilities)
    try:
        asked = time.monotonic()
        tools = len(client.tools())
        answered = time.monotonic()
        most = before
        while time.monotonic() < answered + WATCHED_S:
            most = max(most, len(descendants(running.pid)))
            time.sleep(PAUSE_S)
    finally:
        client.close()
    return FirstList(seconds=answered - asked, tools=tools, before=before, most=most)


def table(counts: Sequence[int]) -> None:
    """Measure with so many backends each, and print a row for each kind of client."""
    print("| backends | client | first list, s | tools | processes before | at most after |")
    print("|---:|---|---:|---:|---:|---:|")
    for count in counts:
        backends: Commands = {f"echo{number}": ECHO for number in range(count)}
        with started("argus-trio", sys.executable, backends, tools=count * OWN_TOOLS) as running:
            for name, capabilities in CLIENTS.items():
                told = first_list(running, capabilities)
                figures = f"{told.seconds:.2f} | {told.tools} | {told.before} | {told.most}"
                print(f"| {count} | {name} | {figures} |", flush=True)


def main() -> None:
    table([int(argument) for argument in sys.argv[1:]] or [12, 40])


if __name__ == "__main__":
    main()
