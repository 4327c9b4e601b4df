"""Looks at the addresses that the gateway is to listen at: who holds them, and whether they can be had at all."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
import trio

from argus_trio import Value
from argus_trio.config.model.server import Server
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding
from argus_trio.doctor.processes import command_of, holders_of, listening_addresses
from argus_trio.doctor.running import RunningGateway


@attrs.frozen(kw_only=True)
class WantedAddress(Value):
    """An address that the file wants."""

    host: str
    port: int
    key: str
    """What in the file says so."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


async def look_at_ports(examination: Examination) -> Sequence[DoctorFinding]:
    """A finding for each address that cannot be had, unless a gateway that runs the file has it."""
    if examination.config is None or examination.running.of(examination.path):
        return ()
    found = []
    for wanted in _wanted(examination.config.server):
        failure = await trio.to_thread.run_sync(_failure, wanted, abandon_on_cancel=True)
        if failure is not None:
            found.append(await trio.to_thread.run_sync(_finding, wanted, failure, examination, abandon_on_cancel=True))
    return found


def _wanted(server: Server) -> Iterator[WantedAddress]:
    if server.port:
        yield WantedAddress(host=server.host, port=server.port, key="server.port")
    host, _, port = (server.management.listen or "").rpartition(":")
    if port.isdecimal() and int(port):
        yield WantedAddress(host=host.strip("[]"), port=int(port), key="server.management.listen")


def _failure(wanted: WantedAddress) -> OSError | None:
    """Why it cannot be bound. Nobody can connect to what is bound here: it does not listen."""
    try:
        found = socket.getaddrinfo(wanted.host, wanted.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as tried:
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                tried.bind(address)
    except OSError as error:
        return error
    return None


def _finding(wanted: WantedAddress, failure: OSError, examination: Examination) -> DoctorFinding:
    about = f"port {wanted.port}"
    key = f"{wanted.key} in {examination.file_name}"
    match failure.errno:
        case errno.EADDRINUSE:
            what, advice = _held(wanted, examination)
        case errno.EACCES:
            what = f"{wanted}: this user may not listen at ports below {_first_free()}"
            advice = f"write a port from {_first_free()} on as {key}, or give the service CAP_NET_BIND_SERVICE"
        case errno.EADDRNOTAVAIL:
            what = f"{wanted}: this machine has no such address"
            advice = "write server.host: 127.0.0.1, or an address that `ip address` shows"
            about = wanted.host
        case _:
            what = f"{wanted}: cannot be listened at: {failure.strerror or failure}"
            advice = f"correct server.host and {key}"
    return DoctorFinding(severity="problem", about=about, what=what, advice=advice)


def _held(wanted: WantedAddress, examination: Examination) -> tuple[str, str]:
    """Who holds it, and what to do."""
    for gateway in examination.running.gateways:
        if any(each.port == wanted.port for each in gateway.addresses):
            return _held_by_gateway(wanted, gateway)
    inodes = frozenset(each.inode for each in listening_addresses() if each.port == wanted.port)
    pids = holders_of(inodes) if inodes else []
    other = f"another port with {wanted.key} or `serve --port`"
    if not pids:
        who = "a process that this user must not see"
        return f"{wanted} is taken by {who}", f"`sudo ss -ltnp 'sport = :{wanted.port}'` names it; or take {other}"
    who = ", ".join(f"{command_of(pid)} (pid {pid})" for pid in pids[:4])
    return f"{wanted} is taken by {who}", f"end it (kill {pids[0]}), or take {other}"


def _held_by_gateway(wanted: WantedAddress, gateway: RunningGateway) -> tuple[str, str]:
    what = f"{wanted} is taken by another gateway, which runs {gateway.file or 'another file'} (pid {gateway.pid})"
    stop = f"argus-trio shutdown --server {gateway.place.shown}" if gateway.place is not None else f"kill {gateway.pid}"
    return what, f"write another port as {wanted.key}, or stop that one: {stop}"


def _first_free() -> int:
    """The first port that everybody may listen at."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        return 0 if os.geteuid() == 0 else 1024
