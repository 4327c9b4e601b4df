"""Looks at the files of clients: servers that they still name directly, and entries that lead past the gateway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import attrs
import trio

from argus_trio import Value
from argus_trio.client_files.kinds import KINDS
from argus_trio.client_files.opening import open_client_file
from argus_trio.client_files.places import found_files
from argus_trio.client_files.server import ClientFile, DeclaredServer
from argus_trio.config.model.backend import BackendSpec, RemoteBackend, StdioBackend
from argus_trio.contract.address import DEFAULT_BASE, gateway_address
from argus_trio.doctor.examination import Examination
from argus_trio.doctor.finding import DoctorFinding

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST_NAMED: Final = 8


@attrs.frozen(kw_only=True)
class LeadingEntry(Value):
    """An entry of a client's file that leads to a gateway."""

    server: DeclaredServer
    url: str
    view: str


async def look_at_clients(examination: Examination) -> Sequence[DoctorFinding]:
    """What is wrong in each client's file that is there."""
    return await trio.to_thread.run_sync(lambda: list(_looked(examination)), abandon_on_cancel=True)


def _looked(examination: Examination) -> Iterator[DoctorFinding]:
    environ = examination.own_environ or examination.environ
    for each in found_files(home=examination.home, cwd=examination.cwd, environ=environ):
        found = open_client_file(each.path, client=each.client, home=examination.home)
        yield from _of_file(found, each.client, examination)


def _of_file(found: ClientFile, client: str, examination: Examination) -> Iterator[DoctorFinding]:
    title = _title(client)
    for problem in found.problems:
        about = f"{problem.path}:{problem.line}" if problem.line else problem.path
        yield _warning(about, f"{title}: {problem.what}", "correct it: the client may read nothing of it either")
    enabled = [each for each in found.servers if each.is_enabled]
    entries = [entry for each in enabled if (entry := _leading_entry(each, examination)) is not None]
    for entry in entries:
        yield from _of_entry(entry, client, examination)
    leading = [entry.server for entry in entries]
    direct = [each for each in enabled if not any(each is other for other in leading)]
    if direct and examination.path is None:
        what = f"{title} starts or asks servers itself: {_names([each.name for each in direct])}"
        yield _warning(found.path, what, f"`argus-trio import {found.path} --write` makes a configuration of them")
    elif direct and examination.config is not None:
        yield _direct(found, direct, client, examination, has_entry=bool(entries))


def _title(client: str) -> str:
    return KINDS[client].title if client in KINDS else client


def _write_command(client: str, examination: Examination) -> str:
    """What points a client at the gateway."""
    base = _own_base(examination)
    if client not in KINDS:
        return f"point it at {base}/mcp"
    url = "" if base == DEFAULT_BASE else f" --url {base}"
    return f"`argus-trio client {client}{url} --write`"


def _direct(
    found: ClientFile, direct: Sequence[DeclaredServer], client: str, examination: Examination, *, has_entry: bool
) -> DoctorFinding:
    specs = () if examination.config is None else tuple(examination.config.backends.values())
    known = {each.name: spec.name for each in direct for spec in specs if _is_same(each, spec)}
    others = [each.name for each in direct if each.name not in known]
    what = f"{_title(client)} still starts or asks servers itself, past the gateway: {_names([e.name for e in direct])}"
    if known:
        what += f"; of these {_names(list(known))} {'is a backend' if len(known) == 1 else 'are backends'} here too"
    only = "".join(f" --only {name}" for name in others[:_MOST_NAMED]) if known else ""
    steps = [f"`argus-trio import{only} {found.path}` makes backends of them"] if others else []
    steps += [] if has_entry else [_write_command(client, examination)]
    advice = ", then ".join(steps)
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


def _leading_entry(server: DeclaredServer, examination: Examination) -> LeadingEntry | None:
    """The entry as one that leads to a gateway; None if it is another server."""
    if server.transport == "stdio":
        words = [Path(server.command.literal or "").name, *(each.literal or "" for each in server.args)]
        if "stdio" not in words or not {"argus-trio", "argus_trio"} & set(words):
            return None
        url = _option(words, "--url") or _variable(server, "ARGUS_URL") or DEFAULT_BASE
        return LeadingEntry(server=server, url=url, view=_option(words, "--view") or _view_of(url))
    url = server.url.literal or ""
    if not _is_ours(url, examination) and not (server.name.lower().startswith("argus") and _is_here(url)):
        return None
    return LeadingEntry(server=server, url=url, view=_view_of(url))


def _of_entry(entry: LeadingEntry, client: str, examination: Examination) -> Iterator[DoctorFinding]:
    config, about = examination.config, f"{entry.server.origin.path}:{entry.server.origin.line}"
    if config is None:
        return
    write = _write_command(client, examination)
    named = f"{_title(client)}: its entry {entry.server.name}"
    if _is_here(entry.url) and not _is_ours(entry.url, examination):
        if _port_of(entry.url) in _other_ports(examination):
            return  # another gateway, which is meant as it seems
        what = f"{named} leads to {_shown(entry.url)}, where no gateway of this file listens"
        yield _warning(about, what, f"{write} corrects it")
    elif entry.view and entry.view not in config.views:
        there = f"there are: {', '.join(config.views)}" if config.views else "it has none"
        what = f"{named} asks for the view {entry.view}, which is not in {examination.file_name}"
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
