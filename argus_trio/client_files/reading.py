"""Reads the servers that clients' files declare, out of their texts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from argus_trio.client_files.dialects.all import DIALECTS
from argus_trio.client_files.dialects.context import FileContext
from argus_trio.client_files.dialects.dialect import ClientDialect, read_root, read_servers, with_problems
from argus_trio.client_files.dialects.editors import ANY
from argus_trio.client_files.dialects.variables import VariableScope
from argus_trio.client_files.jsonc import JsonFault, JsonNode, TextLines
from argus_trio.client_files.recognising import project_of, recognise
from argus_trio.client_files.server import ClientFile, FileProblem

_SAYS_A_SERVER: Final = ("command", "url", "serverUrl", "httpUrl")


def read_client_file(text: str, *, path: Path, client: str | None = None, home: Path | None = None) -> ClientFile:
    """What a file declares.

    Args:
        path: where it is, in full: a project's file is recognised by its folder.
        client: whose it is, a name of `DIALECTS`; None lets its name and contents say it.
        home: what `~` and the like mean in it; None makes them the variable HOME.
    """
    dialect = recognise(path, text) if client is None else DIALECTS[client]
    try:
        root = _parse(text, dialect)
    except JsonFault as fault:
        what = f"is no {'TOML' if dialect.name == 'codex' else 'JSON'}: {fault} (column {fault.column})"
        return ClientFile(
            client=dialect.name,
            path=str(path),
            problems=(FileProblem(path=str(path), line=fault.line, what=what),),
        )
    scope = VariableScope(
        notation=dialect.notation,
        title=dialect.title,
        home=home,
        project=project_of(path, home=home),
        inputs=dialect.inputs(root),
    )
    context = FileContext(client=dialect.name, path=str(path), lines=TextLines(text), scope=scope)
    file = read_root(root, dialect, context)
    return file if file.servers or file.problems else _nothing_found(root, dialect, file, context)


def _parse(text: str, dialect: ClientDialect) -> JsonNode:
    """What stands in the text; in the example of a README also without the braces around it. Raises JsonFault."""
    if not text.strip("\ufeff \t\r\n"):
        raise JsonFault("the file is empty", text, 0)
    try:
        return dialect.parse(text)
    except JsonFault:
        if dialect is not ANY or not text.lstrip().startswith('"'):
            raise
        try:
            return dialect.parse("{" + text + "}")
        except JsonFault:
            pass
        raise


def _nothing_found(root: JsonNode, dialect: ClientDialect, file: ClientFile, context: FileContext) -> ClientFile:
    """A file in which no server stands where its client looks: is there one elsewhere?"""
    members = root.members or ()
    if dialect is ANY and any(_is_server(each.node) for each in members):
        return read_servers(root, "the file", file, dialect.shape, context)
    for other in (names for each in DIALECTS.values() for names in each.members):
        node = root.member(*other)
        if other not in dialect.members and node is not None and node.members:
            places = " or ".join(".".join(names) for names in dialect.members if names)
            what = f"has servers in {'.'.join(other)}, where {dialect.title} does not look: it reads {places}"
            return with_problems(file, context.problem(node.start, what))
    if dialect is ANY and _is_server(root):
        what = 'is a server without a name: put it into {"mcpServers": {"NAME": …}}'
        return with_problems(file, context.problem(root.start, what))
    if dialect is ANY and members:
        what = "declares no servers: none of mcpServers, servers, context_servers stands in it"
        return with_problems(file, context.problem(root.start, what))
    return file


def _is_server(node: JsonNode) -> bool:
    return any(node.member(key) is not None for key in _SAYS_A_SERVER)
