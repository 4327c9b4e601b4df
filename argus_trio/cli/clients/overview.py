"""All clients that are known: their files, which are there, and whether they lead to the gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from argus_trio.cli.clients.place import shown
from argus_trio.client_files.changing.editing import EditRefused
from argus_trio.client_files.changing.replacing import FileRefused, read_file
from argus_trio.client_files.changing.snippets import address_in, declared, is_same_gateway
from argus_trio.client_files.kinds import KINDS, ClientKind


def overview(base: str, *, home: Path, cwd: Path, environ: Mapping[str, str]) -> str:
    """The table."""
    rows = [("CLIENT", "FILE", "")]
    for kind in KINDS.values():
        for place in kind.files:
            path = place.at(home=home, cwd=cwd, environ=environ)
            if place.is_for_project and not path.exists():
                continue
            told = f"./{path.relative_to(cwd)}" if place.is_for_project else shown(path, home)
            rows.append((kind.name, told, ", ".join(_states(kind, place.members, path, base))))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def _states(kind: ClientKind, members: tuple[str, ...], path: Path, base: str) -> Iterator[str]:
    try:
        old = read_file(path)
        servers = declared(old.text, kind, members)
    except EditRefused as refused:
        yield f"line {refused.line}: {refused}" if refused.line else str(refused)
        return
    except FileRefused as refused:
        yield str(refused)
        return
    if old.content is None:
        yield "no file"
        return
    entries = servers if isinstance(servers, dict) else {}
    names = [name for name, entry in entries.items() if is_same_gateway(address_in(entry), base)]
    yield f"leads to the gateway, as {' and '.join(names)}" if names else "does not lead to the gateway"
    if others := len(entries) - len(names):
        yield f"{others} other server{'s' * (others > 1)}"
