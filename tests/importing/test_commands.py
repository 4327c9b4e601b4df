"""Commands as users of other programs write them, and what runs here."""

from __future__ import annotations

import pytest

from argus_trio.client_files.server import VariableReference, WrittenText
from argus_trio.importing.commands import plain_command
from tests.importing.servers import Text, program


def words(command: str, *args: str) -> tuple[list[str], int]:
    """The words of the plain command, and how many changes were told."""
    found = plain_command(program("a", command, args))
    return [each.literal or "" for each in (found.server.command, *found.server.args)], len(found.changes)


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (["npx", "x"], ["npx", "-y", "x"]),
        (["/usr/bin/npx", "x"], ["/usr/bin/npx", "-y", "x"]),
        (["npx", "--package=p", "x"], ["npx", "-y", "--package=p", "x"]),
        (["cmd", "/c", "npx", "-y", "x"], ["npx", "-y", "x"]),
        (["CMD.EXE", "/C", "npx.cmd", "-y", "x"], ["npx", "-y", "x"]),
        (["npx -y x"], ["npx", "-y", "x"]),
        (["docker", "run", "--rm", "image"], ["docker", "run", "-i", "--rm", "image"]),
        (["docker", "run", "--rm", "-i", "image"], ["docker", "run", "--rm", "-i", "image"]),
    ],
)
def test_a_command_is_made_plain_and_that_is_told(given: list[str], plain: list[str]) -> None:
    found, changes = words(*given)
    assert found == plain
    assert changes > 0


@pytest.mark.parametrize(
    "given",
    [
        ["npx", "-y", "x"],
        ["npx", "--yes", "x"],
        ["npx", "--no-install", "x"],
        ["npx", "-p", "p", "-y", "x"],
        ["uvx", "--from", "git+https://h/x", "y"],
        ["/opt/My App/bin/x", "y"],
        ["docker", "exec", "-i", "c", "x"],
        ["python", "-m", "x"],
    ],
)
def test_a_command_that_runs_here_stays(given: list[str]) -> None:
    assert words(*given) == (given, 0)


def test_a_bridge_becomes_its_address_with_the_headers_that_it_was_given() -> None:
    args = ["-y", "mcp-remote@latest", "https://h/mcp", "3334", "--header", "Authorization:${AUTH}", "--allow-http"]
    found = plain_command(program("a", "npx", args, {"AUTH": "Bearer abc"}))
    assert (found.server.transport, found.server.url.literal) == ("http", "https://h/mcp")
    assert found.server.headers == {"Authorization": WrittenText(("Bearer abc",))}
    assert not found.server.args
    assert not found.todo


def test_a_variable_in_a_header_of_a_bridge_stays_one() -> None:
    args: list[Text] = [
        "mcp-remote",
        "https://h/sse",
        "--header",
        ("X-Key: ", VariableReference(name="KEY")),
        "--transport",
        "sse-only",
    ]
    found = plain_command(program("a", "npx", args))
    assert found.server.transport == "sse"
    assert found.server.headers == {"X-Key": WrittenText((VariableReference(name="KEY"),))}


def test_a_bridge_without_a_header_may_have_signed_in_with_a_browser_and_that_is_told() -> None:
    found = plain_command(program("a", "npx", ["-y", "mcp-remote", "https://h/mcp", "--static-oauth-client-info", "x"]))
    assert len(found.todo) == 1
    assert "token" in found.todo[0]
    assert found.dropped == ("--static-oauth-client-info of mcp-remote has no counterpart",)


def test_a_package_that_only_is_called_like_a_bridge_is_none() -> None:
    assert plain_command(program("a", "npx", ["-y", "mcp-remote-files", "https://h"])).server.transport == "stdio"
