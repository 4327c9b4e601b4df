"""How published servers run in a container, for docs/compatibility.md: as `test_published_contained.py` finds them, and
those that were tried by hand."""

from __future__ import annotations

from bench.published import PUBLISHED, Published

NOTES = {
    "filesystem": "its folder is read-only until `mounts` says `mode: rw`",
    "files": "its folder is read-only until `mounts` says `mode: rw`",
    "memory": "keeps its memory in its home",
    "knowledge": "keeps its memory in its home",
    "tasks": "keeps its tasks in its home",
    "commands": "runs commands in the container, which has few programs",
    "git": "in `python:3.13`, which has `git`; the repository that `--repository` names is read-only until `mounts` "
    "says `mode: rw`",
    "fetch": "fetches public addresses; others by `host_services`",
    "netlist": "designs are looked for in its home, or in a folder that is mounted",
    "arxiv": "keeps its papers in its home",
    "excel": "files are in its home, or in a folder that is mounted",
    "word": "files are in its home, or in a folder that is mounted",
    "playwright": "runs as a process, for it drives a browser of this machine",
}
"""What its user should know of each; all others need no word."""
FURTHER = {
    "`npx @wonderwhy-er/desktop-commander`": "sees the container, not this machine",
    "`npx @modelcontextprotocol/server-github`": "",
    "`npx @sentry/mcp-server`, `npx @supabase/mcp-server-supabase`": "",
    "`uvx markitdown-mcp`, `uvx mcp-server-motherduck`": "files are in a folder that is mounted",
    "`uvx --from serena-agent serena start-mcp-server`": "its projects are in a folder that is mounted with `mode: rw`",
    "`npx chrome-devtools-mcp`, `npx @modelcontextprotocol/server-puppeteer`": "run as processes, for they drive a "
    "browser of this machine",
    "`npx mcp-remote`": "runs as a process, for it logs in with a browser; in a container with `--header`",
    "`npx mcp-server-kubernetes`, `uvx mcp-server-docker`": "run as processes, for they use the keys or the engine of "
    "this machine",
}
"""Others that were tried, by their command."""


def section() -> str:
    """The part of the page that says all this."""
    rows = [(f"`{shown(server)}`", NOTES.get(server.name, "")) for server in PUBLISHED]
    rows += list(FURTHER.items())
    table = "\n".join(
        ["| server | in a container |", "|---|---|", *(f"| {a} | {b or 'as without'} |" for a, b in rows)]
    )
    return (
        "## Published servers in containers\n\n"
        "With no word of containers in the configuration ([isolation.md](isolation.md)) each shows the tools that it\n"
        "shows as a process, and answers the same call alike; `tests/e2e/test_published_contained.py` compares them.\n"
        "`argus-trio egress` shows what they tell others: `desktop-commander` asks for\n"
        "`telemetry.desktopcommander.app`, and `markitdown-mcp`, by a library of its own, for\n"
        "`mobile.events.data.microsoft.com`.\n\n"
        f"{table}"
    )


def shown(server: Published) -> str:
    """Its command line, without what only hides a question."""
    return " ".join(word for word in server.line("FOLDER") if word != "-y")
