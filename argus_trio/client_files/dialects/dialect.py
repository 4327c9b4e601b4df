"""A client's way to write its file, and what reads a whole file by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from argus_trio import Value
from argus_trio.client_files.dialects.context import MOST_SERVERS, FileContext
from argus_trio.client_files.dialects.entry import read_entry
from argus_trio.client_files.dialects.shape import EntryShape
from argus_trio.client_files.dialects.values import printable
from argus_trio.client_files.dialects.variables import VariableNotation
from argus_trio.client_files.jsonc import JsonNode, read_jsonc
from argus_trio.client_files.server import ClientFile, DeclaredServer, FileProblem, VariableReference

AmendFile = Callable[[JsonNode, ClientFile, FileContext], ClientFile]
"""What else a file says: about servers that are read, or servers in other places of it."""
ReadInputs = Callable[[JsonNode], Mapping[str, VariableReference]]
"""What a client asks its user for, by its id."""


def _nothing_else(_root: JsonNode, file: ClientFile, _context: FileContext) -> ClientFile:
    return file


def _no_inputs(_root: JsonNode) -> Mapping[str, VariableReference]:
    return {}


@attrs.frozen(kw_only=True)
class ClientDialect(Value):
    """A client's way to write its file."""

    name: str
    """As `ClientKind.name`, for those that a snippet can be made for."""
    title: str
    members: tuple[tuple[str, ...], ...] = (("mcpServers",),)
    """Below which names servers may stand; every place is read that is there."""
    reads_first_place: bool = False
    """Of these places only the first is read that is there: the others are how it was written before."""
    notation: VariableNotation = "none"
    shape: EntryShape = attrs.field(factory=EntryShape)
    parse: Callable[[str], JsonNode] = read_jsonc
    """Raises JsonFault."""
    inputs: ReadInputs = _no_inputs
    amend: AmendFile = _nothing_else


def read_root(root: JsonNode, dialect: ClientDialect, context: FileContext) -> ClientFile:
    """What a file declares, out of what stands in it."""
    file = ClientFile(client=dialect.name, path=context.path)
    if root.members is None:
        return with_problems(file, context.problem(root.start, "is no object"))
    for names in dialect.members:
        node = root.member(*names)
        file = _with_doubles(root, names[0], file, context)
        file = read_servers(node, ".".join(names), file, dialect.shape, context)
        if node is not None and dialect.reads_first_place:
            break
    return dialect.amend(root, file, context)


def _with_doubles(root: JsonNode, name: str, file: ClientFile, context: FileContext) -> ClientFile:
    """The file with what is wrong where its servers stand under a name twice: the first of them are not read."""
    places = [each.start for each in root.members or () if each.name == name]
    if len(places) < 2:
        return file
    what = f"{name} stands twice, the last in line {context.lines.line(places[-1])}, which counts: this one is not read"
    return with_problems(file, context.problem(places[0], what))


def read_servers(
    node: JsonNode | None, where: str, file: ClientFile, shape: EntryShape, context: FileContext
) -> ClientFile:
    """The file with the servers that stand in an object as well."""
    if node is None or node.members == ():
        return file
    if node.members is None:
        return with_problems(file, context.problem(node.start, f"{where} is no object"))
    members = {each.name: each for each in node.members}
    for each in node.members:
        if members[each.name] is not each:
            second = context.lines.line(members[each.name].start)
            what = f"server {printable(each.name)}: stands twice, the second in line {second}, which counts"
            file = with_problems(file, context.problem(each.start, what))
    for each in members.values():
        if len(file.servers) + len(file.problems) >= MOST_SERVERS:
            what = f"has more than {MOST_SERVERS} servers: the others, from this one in {where}, are not read"
            return with_problems(file, context.problem(each.start, what))
        found = read_entry(each, shape, context)
        if isinstance(found, DeclaredServer):
            file = attrs.evolve(file, servers=(*file.servers, found))
        else:
            file = with_problems(file, found)
    return file


def with_problems(file: ClientFile, *problems: FileProblem) -> ClientFile:
    """The file with more that is not read."""
    return attrs.evolve(file, problems=(*file.problems, *problems))
