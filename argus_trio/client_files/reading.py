"""Reads the servers that clients' files declare."""

from __future__ import annotations

from pathlib import Path

from argus_trio.client_files.jsonc import JsonFault, JsonNode, line_of, read_jsonc
from argus_trio.client_files.kinds import ClientKind, FilePlace
from argus_trio.client_files.server import ClientFile, DeclaredServer, FileProblem, ServerOrigin, WrittenText


def read_client_file(text: str, *, path: Path, kind: ClientKind, place: FilePlace) -> ClientFile:
    """What the file of a client declares, out of its text."""
    try:
        root = read_jsonc(text)
    except JsonFault as fault:
        problem = FileProblem(path=str(path), line=fault.line, what=f"is no JSON: {fault}")
        return ClientFile(client=kind.name, path=str(path), problems=(problem,))
    node = root.member(*place.members)
    servers = tuple(
        _server(each.name, each.node, ServerOrigin(client=kind.name, path=str(path), line=line_of(text, each.start)))
        for each in (node.members or () if node is not None else ())
    )
    return ClientFile(client=kind.name, path=str(path), servers=servers)


def _server(name: str, node: JsonNode, origin: ServerOrigin) -> DeclaredServer:
    url, command = node.member("url"), node.member("command")
    args = node.member("args")
    return DeclaredServer(
        name=name,
        origin=origin,
        transport="stdio" if url is None else "http",
        command=_text(command),
        args=tuple(_text(each) for each in (args.items or () if args is not None else ())),
        url=_text(url),
    )


def _text(node: JsonNode | None) -> WrittenText:
    return WrittenText(() if node is None else (str(node.scalar),))
