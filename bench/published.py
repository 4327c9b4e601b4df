"""Published servers that anybody can start with `npx` or `uvx`: no account, no key, no other program. It starts none.

Each has one call that is answered without the network; some answer that one with an error of their own, at once.
"""

from __future__ import annotations

from typing import Any

import attrs

Json = dict[str, Any]


@attrs.frozen(kw_only=True)
class Published:
    """One server, how it is started, and what it can be asked. `folder` in `args` is a folder of the caller's."""

    name: str
    command: str
    args: tuple[str, ...]
    tool: str
    arguments: Json = attrs.field(factory=dict)

    def line(self, folder: str) -> list[str]:
        """The command line, with `folder` for it to work in."""
        return [self.command, *(folder if argument == FOLDER else argument for argument in self.args)]


FOLDER = "{folder}"
"""Stands in `args` where a folder is to be named."""
THOUGHT: Json = {"thought": "one", "nextThoughtNeeded": False, "thoughtNumber": 1, "totalThoughts": 1}


def npx(name: str, *args: str, tool: str, **arguments: object) -> Published:
    """A server of the npm registry."""
    return Published(name=name, command="npx", args=("-y", *args), tool=tool, arguments=arguments)


def uvx(name: str, *args: str, tool: str, **arguments: object) -> Published:
    """A server of PyPI."""
    return Published(name=name, command="uvx", args=args, tool=tool, arguments=arguments)


PUBLISHED: tuple[Published, ...] = (
    npx("everything", "@modelcontextprotocol/server-everything", tool="echo", message="hello"),
    npx("filesystem", "@modelcontextprotocol/server-filesystem", FOLDER, tool="list_allowed_directories"),
    npx("memory", "@modelcontextprotocol/server-memory", tool="read_graph"),
    npx("thinking", "@modelcontextprotocol/server-sequential-thinking", tool="sequentialthinking", **THOUGHT),
    npx("mantine", "@mantine/mcp-server", tool="get_item_doc"),
    npx("context7", "@upstash/context7-mcp", tool="resolve-library-id"),
    npx("chart", "@antv/mcp-server-chart", tool="generate_bar_chart", data=[], theme="none"),
    npx(
        "files", "@agent-infra/mcp-server-filesystem", "--allowed-directories", FOLDER, tool="list_allowed_directories"
    ),
    npx("commands", "@agent-infra/mcp-server-commands", tool="run_command", command="echo hello"),
    npx("knowledge", "@itseasy21/mcp-knowledge-graph", tool="read_graph"),
    npx("tasks", "@kazuph/mcp-taskmanager", tool="list_requests"),
    npx("accesslint", "@accesslint/mcp", tool="list_rules"),
    npx("netlist", "@intelligentelectron/universal-netlist", tool="list_designs"),
    npx("playwright", "@playwright/mcp", tool="browser_close"),
    uvx("time", "mcp-server-time", "--local-timezone", "UTC", tool="convert_time"),
    uvx("git", "mcp-server-git", tool="git_status", repo_path="/no/such"),
    uvx("fetch", "mcp-server-fetch", tool="fetch"),
    uvx("calculator", "mcp-server-calculator", tool="calculate", expression="2+3"),
    uvx("duckduckgo", "duckduckgo-mcp-server", tool="expand_link", token="none"),
    uvx("arxiv", "arxiv-mcp-server", tool="list_papers"),
    uvx("timeserver", "mcp-simple-timeserver", tool="calculate_time_distance"),
    uvx("excel", "excel-mcp-server", "stdio", tool="list_workbooks"),
    uvx("word", "--from", "office-word-mcp-server", "word_mcp_server", tool="list_available_documents"),
    uvx("wikipedia", "wikipedia-mcp", tool="get_article"),
)
"""Twenty-four. `commands`, `files` and `word` write lines to their stdout that are no messages."""
