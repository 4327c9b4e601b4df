"""Two hundred reloads under the calls of several clients, with real processes: nothing lost, doubled or misdirected."""

from __future__ import annotations

import itertools
import json
import os
import random
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from bench.client import Client, encoded
from tests.e2e import gateway
from tests.e2e.child import marked
from tests.e2e.gateway import Gateway, Json, as_event, written
from tests.e2e.raw import LEGACY, MODERN, Raw

RELOADS = int(os.environ.get("ARGUS_RELOADS", "200"))
SEED = int(os.environ.get("ARGUS_RELOADS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
CHANGING = ("a", "b", "c")
SECONDS = (0, 0, 0, 0, 0, 0, 0, 0, 0.05, 0.4)
"""How long calls take: most of them nothing."""
PROCESSES = len(CHANGING) + 1
"""Of the backends, at any time that no reload is under way."""

Call = Callable[[str, Json], Json]


@attrs.define
class Versions:
    """The version of each backend that is surely in effect, and the latest that may be."""

    least: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys((*CHANGING, "steady"), 0))
    most: dict[str, int] = attrs.field(factory=lambda: dict.fromkeys((*CHANGING, "steady"), 0))


@attrs.define(eq=False)
class Load:
    """Clients that call without pause until they are told to end, and what became of their calls."""

    versions: Versions
    is_over: threading.Event = attrs.field(factory=threading.Event)
    sent: Counter[str] = attrs.field(factory=Counter)
    answered: Counter[str] = attrs.field(factory=Counter)
    wrong: list[str] = attrs.field(factory=list)
    lost: list[str] = attrs.field(factory=list)
    pids: set[int] = attrs.field(factory=set)
    """Of the backend that no reload touches."""

    def client(self, name: str, call: Call, chance: random.Random) -> None:
        for number in itertools.count():
            if self.is_over.is_set():
                return
            backend = chance.choice((*CHANGING, "steady"))
            token = f"{name}-{number}"
            least = self.versions.least[backend]
            self.sent[token] += 1
            try:
                told = call(f"{backend}__who", {"token": token, "seconds": chance.choice(SECONDS)})
            except (OSError, AssertionError, LookupError, RuntimeError, ValueError) as error:
                self.lost.append(f"{token} of {backend}: {error!r}")
                continue
            self.answered[told["token"]] += 1
            if told["token"] != token or not least <= told["label"] <= self.versions.most[backend]:
                self.wrong.append(f"{token} of {backend}, {least}: {told}")
            if backend == "steady":
                self.pids.add(told["pid"])


def kept_alive(client: Client) -> Call:
    """A legacy client on one connection."""

    def call(name: str, arguments: Json) -> Json:
        _, body = client.exchange(encoded("tools/call", {"name": name, "arguments": arguments}))
        return told_by(json.loads(body[body.index(b"{") :]))

    return call


def one_by_one(url: str, revision: str) -> Call:
    """A client of this revision with a connection for each request."""
    client = Raw(url, revision)

    def call(name: str, arguments: Json) -> Json:
        return told_by(client.request("tools/call", name=name, arguments=arguments))

    return call


def told_by(answer: Json) -> Json:
    witness: Json = json.loads(answer["result"]["content"][0]["text"])
    return witness


def config(versions: dict[str, int], record: Path) -> Json:
    backends = {
        name: gateway.stdio("witness.py", str(version), str(record), protocol="legacy")
        for name, version in versions.items()
    }
    return {"server": {"watch": False, "drain_timeout": 5}, "backends": backends}


def reload(argus: Gateway) -> Json:
    request = urllib.request.Request(argus.url + "/manage/v1/reload", method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        report: Json = json.load(answer)
    return report


def retired(argus: Gateway, count: int) -> list[Json]:
    """The ends of so many replaced backends, waited for."""
    found: list[Json] = []

    def take(line: str) -> bool | None:
        event = as_event(line)
        if event.get("event") == "backend_retired":
            found.append(event)
        return True if len(found) == count else None

    argus.child.wait_for(take)
    return found


def test_reloads_under_load_lose_no_call_double_none_and_misdirect_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record, chance = tmp_path / "record", random.Random(SEED)
    load = Load(Versions())
    with gateway.running(config(load.versions.most, record), tmp_path) as argus:
        clients = [Client(argus.url + "/mcp") for _ in range(3)]
        calls = [*map(kept_alive, clients), one_by_one(argus.url, LEGACY), one_by_one(argus.url, MODERN)]
        threads = [
            threading.Thread(target=load.client, args=(f"c{number}", call, random.Random(chance.random())), daemon=True)
            for number, call in enumerate(calls)
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in range(RELOADS):
                for name in chance.sample(CHANGING, chance.choice((1, 1, 1, 2))):
                    load.versions.most[name] += 1
                written(config(load.versions.most, record), tmp_path, argus.mark)
                report = reload(argus)
                assert report["reloaded"], report
                assert "steady" in report["backends_untouched"], report
                load.versions.least = dict(load.versions.most)
        finally:
            load.is_over.set()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)
        for client in clients:
            client.socket.close()
        cut = sum(event["calls_cut"] for event in retired(argus, sum(load.versions.most.values())))
        processes = len(marked(argus.mark)) - 1
    executed = Counter(record.read_text().split())
    doubled = [token for token, count in executed.items() if count > 1]
    doubled += [token for token, count in load.answered.items() if count > 1]
    counts = f"reloads={RELOADS} calls={len(load.sent)} lost={len(load.lost)} doubled={len(doubled)}"
    with capsys.disabled():
        print(f"\n{counts} wrong={len(load.wrong)} cut={cut} processes={processes} seed={SEED}")
    assert (load.lost, doubled, load.wrong, cut) == ([], [], [], 0)
    assert load.sent == load.answered
    assert set(executed) == set(load.sent)
    assert len(load.pids) == 1
    assert processes == PROCESSES
    assert len(load.sent) > RELOADS
