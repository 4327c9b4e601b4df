"""`npx` and its like as people write them."""

from __future__ import annotations

import shlex

import pytest

from argus_trio.sandbox.plan.commands.asked import OwnProgram, PackageRun
from argus_trio.sandbox.plan.commands.node import is_package, needs_git
from argus_trio.sandbox.plan.commands.read import read_command

Expected = tuple[tuple[str, ...], str | None, str]

CONTAINED: dict[str, Expected] = {
    "npx -y @modelcontextprotocol/server-everything": (("@modelcontextprotocol/server-everything",), None, ""),
    "npx -y @modelcontextprotocol/server-filesystem /a /b": (
        ("@modelcontextprotocol/server-filesystem",), None, "/a /b"),
    "npx -y @modelcontextprotocol/server-memory": (("@modelcontextprotocol/server-memory",), None, ""),
    "npx -y @modelcontextprotocol/server-sequential-thinking": (
        ("@modelcontextprotocol/server-sequential-thinking",), None, ""),
    "npx -y @modelcontextprotocol/server-postgres postgresql://localhost/mydb": (
        ("@modelcontextprotocol/server-postgres",), None, "postgresql://localhost/mydb"),
    "npx -y @playwright/mcp@latest --headless": (("@playwright/mcp@latest",), None, "--headless"),
    "npx @playwright/mcp@latest": (("@playwright/mcp@latest",), None, ""),
    "npx -y @upstash/context7-mcp --api-key KEY": (("@upstash/context7-mcp",), None, "--api-key KEY"),
    "npx -y firecrawl-mcp": (("firecrawl-mcp",), None, ""),
    "npx -y mcp-remote https://mcp.example.com/sse --header Authorization:${X}": (
        ("mcp-remote",), None, "https://mcp.example.com/sse --header 'Authorization:${X}'"),
    "npx -y @notionhq/notion-mcp-server": (("@notionhq/notion-mcp-server",), None, ""),
    "npx -y figma-developer-mcp --figma-api-key=KEY --stdio": (
        ("figma-developer-mcp",), None, "--figma-api-key=KEY --stdio"),
    "npx -y @stripe/mcp --tools=all --api-key=KEY": (("@stripe/mcp",), None, "--tools=all --api-key=KEY"),
    "npx -y @supabase/mcp-server-supabase@latest --read-only": (
        ("@supabase/mcp-server-supabase@latest",), None, "--read-only"),
    "npx chrome-devtools-mcp@latest": (("chrome-devtools-mcp@latest",), None, ""),
    "npx -y @sentry/mcp-server@0.12.0": (("@sentry/mcp-server@0.12.0",), None, ""),
    "npx -y tavily-mcp@0.1.3": (("tavily-mcp@0.1.3",), None, ""),
    "npx -y @21st-dev/magic@latest API_KEY=x": (("@21st-dev/magic@latest",), None, "API_KEY=x"),
    "npx --yes --package=@scope/server server-cmd --x": (("@scope/server",), "server-cmd", "--x"),
    "npx -y -p a -p b@2 cmd": (("a", "b@2"), "cmd", ""),
    "npx -p @scope/a -- cmd -y": (("@scope/a",), "cmd", "-y"),
    "npx -- pkg -y": (("pkg",), None, "-y"),
    "npx --registry https://npm.example.com -y pkg": (("pkg",), None, ""),
    "npx -y --silent --loglevel=error pkg": (("pkg",), None, ""),
    "npx -y pkg@^1.2.0": (("pkg@^1.2.0",), None, ""),
    "npx -y github:owner/repo": (("github:owner/repo",), None, ""),
    "npx -y owner/repo": (("owner/repo",), None, ""),
    "npx -y git+https://github.com/a/b.git": (("git+https://github.com/a/b.git",), None, ""),
    "npx -y https://example.org/a.tgz": (("https://example.org/a.tgz",), None, ""),
    "npx -y alias@npm:real@1": (("alias@npm:real@1",), None, ""),
    "/opt/homebrew/bin/npx -y pkg": (("pkg",), None, ""),
    "npm exec -y -- pkg --flag": (("pkg",), None, "--flag"),
    "npm exec --package=@a/b -- cmd --flag": (("@a/b",), "cmd", "--flag"),
    "npm exec pkg": (("pkg",), None, ""),
    "npm x -y pkg -- --flag": (("pkg",), None, "--flag"),
    "pnpm dlx pkg --x": (("pkg",), None, "--x"),
    "pnpx pkg": (("pkg",), None, ""),
    "pnpm --silent dlx --package=a cmd": (("a",), "cmd", ""),
    "bunx pkg --x": (("pkg",), None, "--x"),
    "bunx -y pkg": (("pkg",), None, ""),
    "bun x pkg": (("pkg",), None, ""),
    "yarn dlx -q pkg": (("pkg",), None, ""),
}  # fmt: skip


@pytest.mark.parametrize("line", CONTAINED)
def test_a_program_of_a_package_is_known(line: str) -> None:
    packages, program, args = CONTAINED[line]
    command, *words = shlex.split(line)
    found = read_command(command, tuple(words))
    assert isinstance(found, PackageRun)
    assert (found.kind, found.packages, found.program, shlex.join(found.args)) == ("node", packages, program, args)


OWN = {
    "npx": "npx names no package",
    "npx -y": "npx names no package",
    "npx -y .": ". is no package of a registry or at an https URL, but something of your own",
    "npx -y ./server": "./server is no package",
    "npx -y /srv/server": "/srv/server is no package",
    "npx -y ../server": "../server is no package",
    "npx -y file:../x": "file:../x is no package",
    "npx -y git@github.com:a/b.git": "git@github.com:a/b.git is no package",
    "npx -y git+ssh://git@github.com/a/b": "git+ssh://github.com/a/b is no package",
    "npx -c 'a && b'": "npx -c is a shell's command line",
    "npx --call 'a && b'": "npx --call is a shell's command line",
    "npx -y --workspace=x pkg": "what --workspace of npx means",
    "npx --prefix /srv pkg": "what --prefix of npx",
    "npx --node-options=--inspect pkg": "what --node-options of npx",
    "npx -y tsx src/index.ts": "it runs a program of your own with tsx",
    "npx ts-node server.ts": "it runs a program of your own with ts-node",
    "npx -y tsx@4 server.ts": "it runs a program of your own with tsx",
    "bunx --bun pkg": "--bun asks for Bun",
    "bun run server.ts": "bun runs a project of your own: write bun x PACKAGE",
    "npm start": "npm runs a project of your own: write npm exec PACKAGE",
    "npm run server": "npm runs a project of your own",
    "pnpm run x": "pnpm runs a project of your own: write pnpm dlx PACKAGE",
    "yarn start": "yarn runs a project of your own",
    "npm exec pkg --flag": "npm exec takes options behind the package for itself",
    "npx -p ./x cmd": "./x is no package",
}


@pytest.mark.parametrize("line", OWN)
def test_what_no_image_can_be_made_of_is_said_with_the_way_out(line: str) -> None:
    command, *words = shlex.split(line)
    found = read_command(command, tuple(words))
    assert isinstance(found, OwnProgram)
    assert found.why.startswith(OWN[line])


@pytest.mark.parametrize(
    "text",
    ["-g", "--global", ".", "./x", "/x", "~/x", "file:x", "", "a b", "a;b", "$(x)", "http://x/y.tgz", "git+ssh://x/y",
     "git+file:///x", "@/x", "@a/", "a\n", "a@\nb", "link:x", "workspace:x"],
)  # fmt: skip
def test_what_is_no_package_is_never_handed_to_npm(text: str) -> None:
    assert not is_package(text)


@pytest.mark.parametrize(
    ("package", "expected"),
    [("github:a/b", True), ("a/b", True), ("a/b#v1", True), ("git+https://x/y", True), ("https://github.com/a/b", True),
     ("@a/b", False), ("a", False), ("a@1", False), ("https://x/y.tgz", False),
     ("https://github.com/a/b/archive/x.tgz", False)],
)  # fmt: skip
def test_git_is_needed_for_repositories_alone(package: str, expected: bool) -> None:
    assert needs_git(package) is expected
