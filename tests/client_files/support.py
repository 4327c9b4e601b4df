"""What tests of clients' files share: real files, as users have them, and servers shown in a line each."""

from __future__ import annotations

from pathlib import Path

from argus_trio.client_files.reading import read_client_file
from argus_trio.client_files.server import ClientFile, DeclaredServer, VariableReference, WrittenText

FILES = Path(__file__).parent / "files"
HOME = Path("/home/ann")
SHOP = HOME / "shop"


def read(name: str, path: Path, *, client: str | None = None) -> ClientFile:
    """A file of the folder `files`, read as if it stood at the path."""
    return read_client_file((FILES / name).read_text(), path=path, client=client, home=HOME)


def server(file: ClientFile, name: str) -> DeclaredServer:
    """The one server of this name."""
    (found,) = [each for each in file.servers if each.name == name]
    return found


def shown(value: WrittenText) -> str:
    """A value with its variables: <NAME>, <NAME=default>; ! marks a secret."""
    return "".join(each if isinstance(each, str) else _reference(each) for each in value.parts)


def _reference(each: VariableReference) -> str:
    default = "" if each.default is None else f"={each.default}"
    return f"<{each.name}{default}{'!' if each.is_secret else ''}>"


def line(each: DeclaredServer) -> str:
    """How it is reached: a command line, or transport and address."""
    if each.transport != "stdio":
        return f"{each.transport} {shown(each.url)}"
    return " ".join(shown(word) for word in (each.command, *each.args))


def lines(file: ClientFile) -> dict[str, str]:
    """How each server is reached."""
    return {each.name: line(each) for each in file.servers}


def texts(values: dict[str, WrittenText] | object) -> dict[str, str]:
    """Variables or headers, shown."""
    assert isinstance(values, dict)
    return {name: shown(value) for name, value in values.items()}


def told(each: DeclaredServer) -> dict[str, str]:
    """What is told of a server."""
    return {left.key: left.why for left in each.left_out}
