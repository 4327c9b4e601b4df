"""The names of the semantic conventions for MCP and generative AI (in development), and our own beside them."""

from __future__ import annotations

from typing import Final

METHOD: Final = "mcp.method.name"
REVISION: Final = "mcp.protocol.version"
RESOURCE_URI: Final = "mcp.resource.uri"
TOOL: Final = "gen_ai.tool.name"
PROMPT: Final = "gen_ai.prompt.name"
OPERATION: Final = "gen_ai.operation.name"
EXECUTE_TOOL: Final = "execute_tool"
ARGUMENTS: Final = "gen_ai.tool.call.arguments"
RESULT: Final = "gen_ai.tool.call.result"
ERROR_TYPE: Final = "error.type"
STATUS_CODE: Final = "rpc.response.status_code"
NETWORK: Final = "network.transport"
PROTOCOL: Final = "network.protocol.name"
CLIENT_ADDRESS: Final = "client.address"
BACKEND: Final = "argus.backend.name"
"""Ours: the name of the backend in the file."""
WAITED: Final = "argus.queue.duration"
"""Ours: the seconds that a call waited for its place at the backend."""

SERVER_OPERATION: Final = "mcp.server.operation.duration"
CLIENT_OPERATION: Final = "mcp.client.operation.duration"
SERVER_SESSION: Final = "mcp.server.session.duration"
BUCKETS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""In seconds, as the conventions advise."""

OTHER: Final = "_other"
"""What stands for a name that is in no catalog, and for a method that the protocol does not know: anybody may send any
number of those, and each would be a time series."""
METHODS: Final = frozenset(
    {
        *("tools/list", "tools/call", "prompts/list", "prompts/get", "completion/complete"),
        *("resources/list", "resources/templates/list", "resources/read"),
        *("resources/subscribe", "resources/unsubscribe"),
        *("tasks/get", "tasks/result", "tasks/list", "tasks/cancel", "tasks/update"),
    }
)
"""The methods of the protocol that are calls here."""
