"""Looks at the files of clients: servers that they still name directly, and entries that lead past the gateway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import attrs
import trio

from argus_trio.client_files.kinds import KINDS, ClientKind
from argus_trio.client_files.reading import read_client_file
from argus_trio.client_files.server import ClientFile, DeclaredServer
from argus_trio.config.model.backend import BackendSpec, RemoteBackend, StdioBackend
from argus_trio.contract.address import DEFAULT_BASE, gateway_address
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding

MOST_BYTES: Final = 32 * 1024 * 1024
"""The largest file of a client that is read: that of Claude Code keeps its history, and grows to megabytes."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST_NAMED: Final = 8


@attrs.frozen(kw_only=True)
class GatewayEntry:
    """An entry of a client's file that leads to a gateway."""

    server: DeclaredServer
    url: str
    view: str


async def look_at_clients(examination: Examination) -> Sequence[DoctorFinding]:
    """What is wrong in each client's file that is there."""
    return await trio.to_thread.run_sync(lambda: list(_looked(examination)), abandon_on_cancel=True)


def _looked(examination: Examination) -> Iterator[DoctorFinding]:
    seen: set[Path] = set()
    for kind in KINDS.values():
        for place in kind.files:
            path = place.at(home=examination.home, cwd=examination.cwd, environ=examination.environ)
            if path.resolve() in seen:
                continue
            seen.add(path.resolve())
            try:
                with path.open("rb") as opened:
                    content = opened.read(MOST_BYTES + 1)
            except OSError:
                continue
            if len(content) > MOST_BYTES:
                what = f"{kind.title}: it is larger than {MOST_BYTES} bytes, and was not read"
                yield _warning(str(path), what, f"`argus-trio import {path}` cannot read it either: make it smaller")
                continue
            found = read_client_file(content.decode("utf-8-sig", "replace"), path=path, kind=kind, place=place)
            yield from _of_file(found, kind, examination)


def _of_file(found: ClientFile, kind: ClientKind, examination: Examination) -> Iterator[DoctorFinding]:
    for problem in found.problems:
        about = f"{problem.path}:{problem.line}"
        yield _warning(about, f"{kind.title}: {problem.what}", "correct it: the client may read nothing of it either")
    enabled = [each for each in found.servers if each.is_enabled]
    entries = {each.name: entry for each in enabled if (entry := _gateway_entry(each, examination)) is not None}
    for entry in entries.values():
        yield from _of_entry(entry, kind, examination)
    direct = [each for each in enabled if each.name not in entries]
    if direct and examination.config is not None:
        yield _direct(found, direct, kind, examination, has_entry=bool(entries))


def _direct(
    found: ClientFile, direct: Sequence[DeclaredServer], kind: ClientKind, examination: Examination, *, has_entry: bool
) -> DoctorFinding:
    specs = () if examination.config is None else tuple(examination.config.backends.values())
    known = {each.name: spec.name for each in direct for spec in specs if _is_same(each, spec)}
    others = [each.name for each in direct if each.name not in known]
    what = f"{kind.title} still starts or asks servers itself, past the gateway: {_names([e.name for e in direct])}"
    if known:
        what += f"; of these {_names(list(known))} {'is a backend' if len(known) == 1 else 'are backends'} here too"
    only = "".join(f" --only {name}" for name in others[:_MOST_NAMED]) if known else ""
    steps = [f"argus-trio import{only} {found.path}"] if others else []
    steps += [] if has_entry else [f"argus-trio client {kind.name} --write"]
    advice = ", then ".join(f"`{each}`" for each in steps)
    last = f"remove {'it' if len(direct) == 1 else 'them'} from that file"
    return _warning(found.path, what, f"{advice}, then {last}" if advice else last)


def _is_same(server: DeclaredServer, spec: BackendSpec) -> bool:
    """Whether a server is a backend already: by what it runs or asks, or by its name."""
    if isinstance(spec, StdioBackend) and server.transport == "stdio":
        args = tuple(each.literal for each in server.args)
        if server.command.literal == spec.command and args == spec.args:
            return True
    if isinstance(spec, RemoteBackend) and server.url.literal and server.url.literal == spec.url:
        return True
    return server.name.lower() == spec.name.lower()


def _gateway_entry(server: DeclaredServer, examination: Examination) -> GatewayEntry | None:
    """The entry as one that leads to a gateway; None if it is another server."""
    if server.transport == "stdio":
        words = [Path(server.command.literal or "").name, *(each.literal or "" for each in server.args)]
        if "stdio" not in words or not {"argus-trio", "argus_trio"} & set(words):
            return None
        url = _option(words, "--url") or _variable(server, "ARGUS_URL") or DEFAULT_BASE
        return GatewayEntry(server=server, url=url, view=_option(words, "--view") or _view_of(url))
    url = server.url.literal or ""
    if not _is_ours(url, examination) and not (server.name.lower().startswith("argus") and _is_here(url)):
        return None
    return GatewayEntry(server=server, url=url, view=_view_of(url))


def _of_entry(entry: GatewayEntry, kind: ClientKind, examination: Examination) -> Iterator[DoctorFinding]:
    config, about = examination.config, f"{entry.server.origin.path}:{entry.server.origin.line}"
    if config is None:
        return
    write = f"`argus-trio client {kind.name} --name {entry.server.name} --url {_own_base(examination)} --write`"
    if _is_here(entry.url) and not _is_ours(entry.url, examination):
        if _port_of(entry.url) in _other_ports(examination):
            return  # another gateway, which is meant as it seems
        what = (
            f"{kind.title}: its entry {entry.server.name} leads to {_shown(entry.url)}, where no gateway of this file"
        )
        yield _warning(about, f"{what} listens", f"{write} corrects it")
    elif entry.view and entry.view not in config.views:
        there = f"there are: {', '.join(config.views)}" if config.views else "there is none"
        what = f"{kind.title}: its entry {entry.server.name} asks for the view {entry.view}, which is not in the file"
        advice = f"correct its end ({there}), or leave it out: {write}"
        yield DoctorFinding(severity="problem", about=about, what=what, advice=advice)


def _is_ours(url: str, examination: Examination) -> bool:
    """Whether an address is that of the gateway of the file."""
    config, parts = examination.config, urlsplit(url)
    if config is None or not parts.hostname:
        return False
    if config.server.public_url is not None and parts.hostname == urlsplit(config.server.public_url).hostname:
        return True
    ports = {each.port for gateway in examination.running.of(examination.path) for each in gateway.addresses}
    hosts = _LOOPBACK | {config.server.host, *config.server.allowed_hosts}
    return parts.hostname in hosts and _port_of(url) in ports | {config.server.port}


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK


def _port_of(url: str) -> int:
    parts = urlsplit(url)
    try:
        return parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return 0


def _other_ports(examination: Examination) -> set[int]:
    return {each.port for gateway in examination.running.gateways for each in gateway.addresses}


def _own_base(examination: Examination) -> str:
    config = examination.config
    if config is None:
        return DEFAULT_BASE
    if config.server.public_url is not None:
        return config.server.public_url
    scheme = "https" if config.server.tls is not None else "http"
    host = "127.0.0.1" if config.server.host in ("0.0.0.0", "::") else config.server.host  # noqa: S104 - compared
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{config.server.port}"


def _shown(url: str) -> str:
    """The address without what may be secret: its user and its query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{_port_of(url)}{parts.path}"


def _view_of(url: str) -> str:
    try:
        return unquote(gateway_address(url).view)
    except ValueError:
        return ""


def _option(words: Sequence[str], name: str) -> str:
    for place, word in enumerate(words):
        if word == name and place + 1 < len(words):
            return words[place + 1]
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def _variable(server: DeclaredServer, name: str) -> str:
    written = server.env.get(name)
    return (written.literal or "") if written is not None else ""


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _warning(about: str, what: str, advice: str) -> DoctorFinding:
    return DoctorFinding(severity="warning", about=about, what=what, advice=advice)
