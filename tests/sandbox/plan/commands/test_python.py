"""`uvx`, `uv tool run` and `pipx run` as people write them."""

from __future__ import annotations

import shlex

import pytest

from argus_trio.sandbox.plan.commands.asked import OwnProgram, PackageRun
from argus_trio.sandbox.plan.commands.python import requirement
from argus_trio.sandbox.plan.commands.read import read_command

Expected = tuple[tuple[str, ...], str, str]

CONTAINED: dict[str, Expected] = {
    "uvx mcp-server-time": (("mcp-server-time",), "mcp-server-time", ""),
    "uvx mcp-server-time --local-timezone=America/New_York": (
        ("mcp-server-time",), "mcp-server-time", "--local-timezone=America/New_York"),
    "uvx mcp-server-fetch": (("mcp-server-fetch",), "mcp-server-fetch", ""),
    "uvx mcp-server-git --repository path/to/git/repo": (
        ("mcp-server-git",), "mcp-server-git", "--repository path/to/git/repo"),
    "uvx mcp-server-sqlite --db-path /data/test.db": (
        ("mcp-server-sqlite",), "mcp-server-sqlite", "--db-path /data/test.db"),
    "uvx mcp-server-sentry --auth-token TOKEN": (("mcp-server-sentry",), "mcp-server-sentry", "--auth-token TOKEN"),
    "uvx awslabs.aws-documentation-mcp-server@latest": (
        ("awslabs.aws-documentation-mcp-server",), "awslabs.aws-documentation-mcp-server", ""),
    "uvx awslabs.core-mcp-server@1.0.3": (("awslabs.core-mcp-server==1.0.3",), "awslabs.core-mcp-server", ""),
    "uvx mcp-server-fetch==2025.4.7": (("mcp-server-fetch==2025.4.7",), "mcp-server-fetch", ""),
    "uvx duckduckgo-mcp-server": (("duckduckgo-mcp-server",), "duckduckgo-mcp-server", ""),
    "uvx mcp-atlassian": (("mcp-atlassian",), "mcp-atlassian", ""),
    "uvx --python=3.12 mcp-atlassian@0.11.9 -v": (("mcp-atlassian==0.11.9",), "mcp-atlassian", "-v"),
    "uvx postgres-mcp --access-mode=unrestricted": (("postgres-mcp",), "postgres-mcp", "--access-mode=unrestricted"),
    "uvx chroma-mcp --client-type persistent": (("chroma-mcp",), "chroma-mcp", "--client-type persistent"),
    "uvx --with chromadb chroma-mcp": (("chroma-mcp", "chromadb"), "chroma-mcp", ""),
    "uvx blender-mcp": (("blender-mcp",), "blender-mcp", ""),
    "uvx minimax-mcp -y": (("minimax-mcp",), "minimax-mcp", "-y"),
    "uvx elevenlabs-mcp": (("elevenlabs-mcp",), "elevenlabs-mcp", ""),
    "uvx qdrant-client[fastembed]@1.9 --x": (("qdrant-client[fastembed]==1.9",), "qdrant-client", "--x"),
    "uvx --from mcp-server-qdrant mcp-server-qdrant --transport stdio": (
        ("mcp-server-qdrant",), "mcp-server-qdrant", "--transport stdio"),
    "uvx --from git+https://github.com/oraios/serena serena start-mcp-server --context ide": (
        ("git+https://github.com/oraios/serena",), "serena", "start-mcp-server --context ide"),
    "uvx --from git+https://github.com/a/b@v1.2#subdirectory=x tool": (
        ("git+https://github.com/a/b@v1.2#subdirectory=x",), "tool", ""),
    "uvx --from 'mcp-alchemy==2025.8.15.91819' --with psycopg2-binary --refresh-package mcp-alchemy mcp-alchemy": (
        ("mcp-alchemy==2025.8.15.91819", "psycopg2-binary"), "mcp-alchemy", ""),
    "uvx --with a,b --with 'c[x,y]>=1,<2' tool": (("tool", "a", "b", "c[x,y]>=1,<2"), "tool", ""),
    "uvx --offline tool": (("tool",), "tool", ""),
    "uvx -q --no-progress --isolated tool": (("tool",), "tool", ""),
    "uvx --from='tool[extra]>=2' tool-server serve": (("tool[extra]>=2",), "tool-server", "serve"),
    "uvx --from 'tool @ git+https://example.org/a.git' tool": (("tool @ git+https://example.org/a.git",), "tool", ""),
    "uvx --from https://example.org/tool-1.0-py3-none-any.whl tool": (
        ("https://example.org/tool-1.0-py3-none-any.whl",), "tool", ""),
    "uvx -- tool --flag": (("tool",), "tool", "--flag"),
    "/usr/local/bin/uvx tool": (("tool",), "tool", ""),
    "/home/me/.local/bin/uvx tool -- x": (("tool",), "tool", "-- x"),
    "uv tool run tool --x": (("tool",), "tool", "--x"),
    "uv --offline tool run --from tool cmd": (("tool",), "cmd", ""),
    "uv -q tool run tool@latest": (("tool",), "tool", ""),
    "pipx run mcp-server-time": (("mcp-server-time",), "mcp-server-time", ""),
    "pipx run --spec mcp-server-time==1.0 mcp-server-time --x": (("mcp-server-time==1.0",), "mcp-server-time", "--x"),
    "pipx run --spec git+https://github.com/a/b.git tool": (("git+https://github.com/a/b.git",), "tool", ""),
    "pipx run --no-cache tool": (("tool",), "tool", ""),
    "pipx run tool==1.2.3 a": (("tool==1.2.3",), "tool", "a"),
}  # fmt: skip


@pytest.mark.parametrize("line", CONTAINED)
def test_a_program_of_a_package_is_known(line: str) -> None:
    packages, program, args = CONTAINED[line]
    command, *words = shlex.split(line)
    found = read_command(command, tuple(words))
    assert isinstance(found, PackageRun)
    assert (found.kind, found.packages, found.program, shlex.join(found.args)) == ("python", packages, program, args)


OWN = {
    "uvx": "uvx names no package: add one to args",
    "uvx --from .": "uvx names no package",
    "uvx --from . tool": ". is no package of an index or at an https URL, but something of your own",
    "uvx --from ./server tool": "./server is no package",
    "uvx --from /srv/server tool": "/srv/server is no package",
    "uvx --from file:///srv/server tool": "file:///srv/server is no package",
    "uvx --from git+ssh://git@github.com/a/b tool": "git+ssh://github.com/a/b is no package",
    "uvx ./server": "./server is no package",
    "uvx --with-editable . tool": "what --with-editable of uvx means for an image is not known: leave it out",
    "uvx --with-requirements r.txt tool": "what --with-requirements of uvx",
    "uvx --env-file .env tool": "what --env-file of uvx",
    "uvx --directory /srv tool": "what --directory of uvx",
    "uvx -e . tool": "what -e of uvx",
    "uvx --from": "what --from of uvx",
    "uvx --with ./x tool": "./x is no package",
    "uvx --python pypy3 tool": "there is no image for --python pypy3: write a version such as 3.12",
    "uvx --python /usr/bin/python3 tool": "there is no image for --python /usr/bin/python3",
    "uvx git+https://github.com/a/b": "git+https://github.com/a/b does not say what its program is called: write",
    "uvx https://user:SECRET@example.org/a.whl": "https://example.org/a.whl does not say",
    "uvx python server.py": "it runs a program of your own with python: list what it needs in container.packages",
    "uvx fastmcp run /srv/server.py": "it runs a program of your own with fastmcp: list what it needs",
    "uvx --from mcp[cli] mcp run server.py": "it runs a program of your own with mcp",
    "uvx --with x uvicorn app.py:app": "it runs a program of your own with uvicorn",
    "uv run server.py": "uv runs a project of your own",
    "uv run --with mcp mcp run server.py": "uv runs a project of your own",
    "uv --directory /srv/x run x": "uv runs a project of your own",
    "uv": "uv runs a project of your own",
    "pipx": "only pipx run can be made an image of",
    "pipx run": "pipx run names no package",
    "pipx install x": "only pipx run",
    "pipx run --pip-args=-v tool": "what --pip-args of pipx run",
    "pipx run ./x": "./x is no package",
    "uv tool run": "uv tool run names no package",
    "uv tool run --bad x": "what --bad of uv tool run",
}


@pytest.mark.parametrize("line", OWN)
def test_what_no_image_can_be_made_of_is_said_with_the_way_out(line: str) -> None:
    command, *words = shlex.split(line)
    found = read_command(command, tuple(words))
    assert isinstance(found, OwnProgram)
    assert found.why.startswith(OWN[line])
    assert "SECRET" not in found.why


@pytest.mark.parametrize(
    ("asked", "version"), [("3.12", "3.12"), ("3.11.9", "3.11"), ("python3.13", "3.13"), ("cpython@3.10", "3.10")]
)
def test_a_version_of_python_is_kept(asked: str, version: str) -> None:
    found = read_command("uvx", ("--python", asked, "tool"))
    assert isinstance(found, PackageRun)
    assert found.version == version


def test_indexes_of_the_command_line_are_kept() -> None:
    words = shlex.split(
        "--index-url https://a.example/simple --index mine=https://b.example/s "
        "--extra-index-url https://c.example/?a=b --prerelease allow tool"
    )
    found = read_command("uvx", tuple(words))
    assert isinstance(found, PackageRun)
    assert found.index_url == "https://a.example/simple"
    assert found.extra_index_urls == ("https://b.example/s", "https://c.example/?a=b")
    assert found.with_prereleases


@pytest.mark.parametrize(
    "line", ["uvx x@latest", "uvx --refresh x", "uvx -U x", "npx -y x@latest", "npx -p @a/b@latest c"]
)
def test_what_asks_for_the_newest_at_each_start_is_said_not_to_get_it(line: str) -> None:
    command, *words = shlex.split(line)
    found = read_command(command, tuple(words))
    assert isinstance(found, PackageRun)
    assert found.notes == (
        "the newest version is that of the day when the image was made: argus-trio build --update looks again",
    )


@pytest.mark.parametrize(
    "text",
    ["-e", "-r x.txt", "--index-url=x", ".", "./x", "../x", "/x", "~x", "file:x", "x y", "", "a;b", "a|b", "$(x)",
     "-x@1", "a@", "a@-1", "git+ssh://x", "ssh://x", "http://x/y.whl", "a @ file:///x", "a==", "a\nb", "a==1\n-r x"],
)  # fmt: skip
def test_what_is_no_package_is_never_handed_to_pip(text: str) -> None:
    assert requirement(text) is None
