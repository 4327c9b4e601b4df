"""A broken cache of npx or uv is recognised by the words of those who find it, and the way out is said."""

from __future__ import annotations

import pytest

from argus_trio.core.health.broken_cache import NPX_OWN_WORDS, UV_WORDS, way_out

FOLDER = "/home/ada/.npm/_npx/15b07286cbcc3329"
NPX = ("npx", "-y", "@modelcontextprotocol/server-memory")
UVX = ("uvx", "mcp-server-time")

NAMED = {
    "npm, a folder in the way": [
        "npm error code ENOTEMPTY",
        "npm error syscall rename",
        f"npm error path {FOLDER}/node_modules/zod",
        "npm error errno -39",
        f"npm error ENOTEMPTY: directory not empty, rename '{FOLDER}/node_modules/zod' -> "
        f"'{FOLDER}/node_modules/.zod-x1'",
    ],
    "npm 6 to 9, with the other mark": [
        f"npm ERR! ENOTEMPTY: directory not empty, rename '{FOLDER}/node_modules/a' ->"
    ],
    "Node, CommonJS": [
        "node:internal/modules/cjs/loader:1210",
        "  throw err;",
        f"Error: Cannot find module '{FOLDER}/node_modules/zod/index.js'",
        "  code: 'MODULE_NOT_FOUND',",
    ],
    "Node, modules of ECMAScript": [
        f"Error: Cannot find package '{FOLDER}/node_modules/zod/index.js' imported from {FOLDER}/node_modules/x/i.js",
        "  code: 'ERR_MODULE_NOT_FOUND'",
    ],
    "Node, an address": [f"Error: Cannot find module 'zod' imported from file://{FOLDER}/node_modules/x/index.js"],
    "Node, in a stack alone": [
        "Error: Cannot find module 'zod'",
        "Require stack:",
        f"- {FOLDER}/node_modules/x/index.js",
    ],
}


@pytest.mark.parametrize("said", NAMED.values(), ids=NAMED)
@pytest.mark.parametrize("command", [NPX, ("/usr/local/bin/start-memory",)], ids=["npx", "a script that runs npx"])
def test_a_folder_that_is_named_is_the_one_to_delete(said: list[str], command: tuple[str, ...]) -> None:
    assert way_out(command, said).endswith(f"rm -r {FOLDER}")


@pytest.mark.parametrize("command", [NPX, ("sh", "-c", "exec npx -y x"), ("/usr/bin/npx", "x")])
@pytest.mark.parametrize(
    "said",
    [
        "sh: 1: mcp-server-memory: not found",
        "sh: mcp-server-memory: not found",
        "sh: line 1: mcp-server-memory: command not found",
        "bash: mcp-server-memory: command not found",
        *NPX_OWN_WORDS,
        "npm ERR! could not determine executable to run",
    ],
)
def test_a_command_that_npx_does_not_find_may_be_a_broken_folder_or_a_wrong_name(
    command: tuple[str, ...], said: str
) -> None:
    advice = way_out(command, ["npm warn exec", said])
    assert "npm cache npx rm" in advice
    assert "no such command" in advice


@pytest.mark.parametrize("said", UV_WORDS)
@pytest.mark.parametrize("command", [UVX, ("uv", "run", "server"), ("sh", "-c", "cd x && uvx y")])
def test_a_broken_cache_of_uv_is_to_be_cleaned(command: tuple[str, ...], said: str) -> None:
    assert way_out(command, [f"error: {said}", "  Caused by: it ends in the middle"]).endswith("uv cache clean")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (NPX, []),
        (NPX, ["Error: no such database"]),
        (NPX, [f"Error: no token; see {FOLDER}/node_modules/x/README.md"]),
        (NPX, ["Error: Cannot find module './settings.json'"]),
        (("node", "server.js"), ["sh: 1: git: not found"]),
        (("node", "server.js"), ["Error: Cannot find module 'zod'"]),
        (("python", "server.py"), ["error: Failed to read from the distribution cache"]),
        (NPX, ["sh: 1: Syntax error: not found"]),
        (("server", "/opt/npx-tools/run"), ["sh: 1: git: not found"]),
    ],
)
def test_other_failures_get_no_advice(command: tuple[str, ...], said: list[str]) -> None:
    assert way_out(command, said) == ""


def test_a_folder_whose_name_is_not_whole_is_not_named() -> None:
    said = ["Error: Cannot find module '/home/ada byron/.npm/_npx/15b07286cbcc3329/node_modules/zod'"]
    assert way_out(NPX, said).endswith("npm cache npx rm, or rm -r ~/.npm/_npx")
