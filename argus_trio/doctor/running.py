"""The gateways that run: found once, by the processes of this machine, by living sockets, and by what the user names.

Which of them runs the file that is examined is known by its process, or by what it says of itself.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs
import trio

from argus_trio import Value
from argus_trio.config.model.config import Config
from argus_trio.contract.health import STATUS, StatusAnswer
from argus_trio.doctor.processes import ListeningAddress, ServeProcess, serving_processes
from argus_trio.manage_client.client import open_client
from argus_trio.manage_client.failure import NOT_ALLOWED, NOT_REACHED, CommandFailed
from argus_trio.manage_client.where import PROBE_SECONDS, GatewayPlace, living_sockets, place_of

ASK_SECONDS: Final = 5.0
"""How long a gateway may take to say how it stands: it looks up what it knows, and one that hangs is told as such."""
LOOK_SECONDS: Final = 10.0
"""How long the look for processes and sockets may take, on a machine with thousands of processes."""
ASK_AS_OPERATOR: Final = "ask with a token of an operator: `argus-trio doctor --token-file FILE`, or $ARGUS_TOKEN"
"""What to do where a gateway does not tell this user how it stands."""
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - nothing is bound
"""How a gateway is asked that listens at every address."""

_HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@attrs.frozen(kw_only=True)
class RunningGateway(Value):
    """A gateway that runs."""

    pid: int | None
    """None where its process is not to be seen from here."""
    file: Path | None
    """The configuration file that it runs, without symbolic links; None where that is not known, or there is none."""
    places: tuple[GatewayPlace, ...] = ()
    """Where it can be asked; the first is where it answered, if it did."""
    token: str = attrs.field(default="", repr=False)
    """As whom it is asked."""
    status: StatusAnswer | None = None
    """How it stands; None if it does not say."""
    why_silent: str = ""
    """Why it does not say how it stands: it refuses this user, or it hangs."""
    refuses: bool = False
    """Whether it refuses this user."""
    environ: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    """The variables that it was started with; None where this user must not see them."""
    addresses: tuple[ListeningAddress, ...] = ()

    @property
    def place(self) -> GatewayPlace | None:
        """Where it answers; None if it does not."""
        return self.places[0] if self.status is not None and self.places else None

    @property
    def advice(self) -> str:
        """What to do about one that does not say how it stands."""
        if self.refuses:
            return ASK_AS_OPERATOR
        end = f"kill {self.pid}, or kill -9 {self.pid} if it stays" if self.pid is not None else "end it"
        return f"it hangs, or is stopped: {end}; then start it anew"

    def __str__(self) -> str:
        where = ", ".join(each.shown for each in self.places[:1]) or "an address that cannot be seen"
        return f"the gateway at {where}" + (f" (pid {self.pid})" if self.pid is not None else "")


@attrs.frozen(kw_only=True)
class RunningGateways(Value):
    """All that were found."""

    gateways: tuple[RunningGateway, ...] = ()

    def of(self, path: Path | None) -> tuple[RunningGateway, ...]:
        """Those that run this file."""
        if path is None:
            return ()
        file = path.resolve()
        return tuple(each for each in self.gateways if each.file == file)

    def answering(self, path: Path | None) -> RunningGateway | None:
        """The one to be asked about this file; None if none runs it, or none says anything."""
        return next((each for each in self.of(path) if each.place is not None), None)


@attrs.frozen(kw_only=True)
class GatewaySearch(Value):
    """What running gateways are looked for by."""

    path: Path | None
    config: Config | None
    """Its address is asked too: the process may be another user's."""
    environ: Mapping[str, str] = attrs.field(repr=False)
    named: GatewayPlace | None = None
    """The gateway that the user names."""
    token: str = attrs.field(default="", repr=False)
    """The token of the user; without one that of the file is sent to gateways that run it."""

    async def find(self) -> RunningGateways:
        """All gateways. Never raises: what cannot be seen is not there."""
        processes: list[ServeProcess] = []
        sockets: list[tuple[str, int]] = []
        with trio.move_on_after(LOOK_SECONDS):
            processes = await trio.to_thread.run_sync(serving_processes, abandon_on_cancel=True)
        with trio.move_on_after(LOOK_SECONDS):
            sockets = await trio.to_thread.run_sync(_owned_sockets, self.environ, abandon_on_cancel=True)
        candidates = self._candidates(processes, sockets)
        found: list[RunningGateway | None] = [None] * len(candidates)

        async def ask(number: int, candidate: RunningGateway) -> None:
            found[number] = await _asked(candidate)

        async with trio.open_nursery() as nursery:
            for number, candidate in enumerate(candidates):
                nursery.start_soon(ask, number, candidate)
        return RunningGateways(gateways=_distinct([each for each in found if each is not None]))

    def _candidates(
        self, processes: Sequence[ServeProcess], sockets: Sequence[tuple[str, int]]
    ) -> list[RunningGateway]:
        found = [self._of_process(each, sockets) for each in processes]
        pids = {each.pid for each in processes}
        others = [place_of(f"unix:{path}", "") for path, pid in sockets if pid not in pids]
        others += [] if self.named is None else [self.named]
        if self.config is not None:
            others += _places_of_config(self.config)
        token = self._token_for(None)
        return found + [RunningGateway(pid=None, file=None, places=(each,), token=token) for each in others]

    def _of_process(self, process: ServeProcess, sockets: Sequence[tuple[str, int]]) -> RunningGateway:
        is_mine = self.path is not None and process.file == self.path.resolve()
        has_tls = is_mine and self.config is not None and self.config.server.tls is not None
        places = [place_of(f"unix:{path}", "") for path, pid in sockets if pid == process.pid]
        places += [_place_at(each.host, each.port, has_tls=has_tls) for each in process.addresses]
        if not places and is_mine and self.config is not None:
            places += _places_of_config(self.config)
        return RunningGateway(
            pid=process.pid,
            file=process.file,
            places=tuple(places),
            token=self._token_for(process.file),
            environ=process.environ,
            addresses=process.addresses,
        )

    def _token_for(self, file: Path | None) -> str:
        """The user's token, else that of the file, which nobody is sent but a gateway that runs the file."""
        if self.token or self.config is None or self.path is None or file != self.path.resolve():
            return self.token
        written = self.config.server.management.token or ""
        return "" if written.startswith("sha256:") else written


async def _asked(candidate: RunningGateway) -> RunningGateway | None:
    """The gateway with what it says of itself; None if none is there."""
    why, is_there, refuses = "", candidate.pid is not None, False
    for place in candidate.places:
        try:
            async with open_client(place, candidate.token) as client:
                raw, _ = await client.fetch(STATUS, seconds=ASK_SECONDS)
                status = client.decoded(raw, StatusAnswer)
        except CommandFailed as failure:
            why = str(failure)
            refuses = failure.code == NOT_ALLOWED
            is_there = is_there or failure.code != NOT_REACHED
            continue
        rest = tuple(each for each in candidate.places if each != place)
        file = candidate.file or await trio.to_thread.run_sync(_file_said, place, status)
        return attrs.evolve(candidate, places=(place, *rest), status=status, file=file)
    return attrs.evolve(candidate, why_silent=why, refuses=refuses) if is_there else None


def _file_said(place: GatewayPlace, status: StatusAnswer) -> Path | None:
    """The file that a gateway names; on another machine that is another file."""
    said, is_here = status.config.file_path, bool(place.socket) or place.host.strip("[]") in _HERE
    return Path(said).resolve() if said and is_here else None


def _distinct(found: Sequence[RunningGateway]) -> tuple[RunningGateway, ...]:
    """Each gateway once, whichever way it was found: those whose process is known come first."""
    kept: dict[str, RunningGateway] = {}
    for number, each in enumerate(found):
        is_known = each.pid is None and any(set(each.places) & set(other.places) for other in kept.values())
        if not is_known:
            kept.setdefault(each.status.service.instance if each.status is not None else f"silent {number}", each)
    return tuple(kept.values())


def _places_of_config(config: Config) -> list[GatewayPlace]:
    """Where a gateway that runs this configuration is asked."""
    server = config.server
    if server.management.listen is not None:
        host, _, port = server.management.listen.rpartition(":")
        return [_place_at(host.strip("[]"), int(port), has_tls=server.tls is not None)] if port.isdecimal() else []
    return [_place_at(server.host, server.port, has_tls=server.tls is not None)] if server.port else []


def _place_at(host: str, port: int, *, has_tls: bool) -> GatewayPlace:
    shown = _ANY.get(host) or (f"[{host}]" if ":" in host else host)
    return place_of(f"{'https' if has_tls else 'http'}://{shown}:{port}", "the file")


def _owned_sockets(environ: Mapping[str, str]) -> list[tuple[str, int]]:
    """The sockets of living gateways, each with the process that listens there, or 0."""
    return [(path, _listener_of(path)) for path in living_sockets(environ)]


def _listener_of(path: str) -> int:
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_SECONDS)
        probe.connect(path)
        size = struct.calcsize("3i")
        pid: int = struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[0]
        return pid
    return 0
