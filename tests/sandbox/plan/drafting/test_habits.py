"""What some published servers are told inside."""

from __future__ import annotations

import pytest

from argus_trio.config.model.container import Container
from argus_trio.sandbox.plan.outcome import InstalledImage
from tests.sandbox.plan.support import backend, contained

MEMORY = "@modelcontextprotocol/server-memory"


@pytest.mark.parametrize(
    "package", [MEMORY, f"{MEMORY}@latest", f"{MEMORY}@2026.8.31", "@itseasy21/mcp-knowledge-graph"]
)
def test_a_memory_is_written_to_the_home(package: str) -> None:
    plan = contained(backend("npx", "-y", package))
    assert plan.env["MEMORY_FILE_PATH"] == f"{plan.env['HOME']}/memory.jsonl"
    assert any("MEMORY_FILE_PATH" in note for note in plan.notes)


def test_a_memory_that_is_named_stays_where_it_is() -> None:
    plan = contained(backend("npx", "-y", MEMORY, env={"MEMORY_FILE_PATH": "/tmp/m"}))
    assert plan.env["MEMORY_FILE_PATH"] == "/tmp/m"
    assert not any("MEMORY_FILE_PATH is" in note for note in plan.notes)


def test_a_fetcher_leaves_it_to_the_gateway_where_names_lead() -> None:
    plan = contained(backend("uvx", "mcp-server-fetch", "--ignore-robots-txt"))
    assert plan.argv[-2:] == ("--ignore-robots-txt", "--allow-private-ips")
    assert any("--allow-private-ips is added" in note for note in plan.notes)


@pytest.mark.parametrize("args", [("mcp-server-fetch==2025.4.7",), ("mcp-server-fetch", "--allow-private-ips")])
def test_no_argument_is_added_to_a_version_that_may_not_know_it_or_twice(args: tuple[str, ...]) -> None:
    plan = contained(backend("uvx", *args))
    assert plan.argv.count("--allow-private-ips") == args.count("--allow-private-ips")


def test_other_servers_are_told_nothing() -> None:
    assert not contained(backend("npx", "-y", "@modelcontextprotocol/server-everything")).notes
    given = contained(backend("python3", "x.py", container=Container(image="python:3.13-slim")))
    assert "MEMORY_FILE_PATH" not in given.env


def test_a_server_of_git_gets_a_base_that_has_git_and_may_read_what_others_own() -> None:
    plan = contained(backend("uvx", "mcp-server-git", "--repository", "/srv/data"))
    assert isinstance(plan.image, InstalledImage)
    assert plan.image.base == "python:3.13"
    assert plan.env["GIT_CONFIG_KEY_0"] == "safe.directory"
