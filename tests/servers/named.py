"""The servers that the pages name, in one program on plain pipes: which one it is says the word found in its arguments,
as `uvx mcp-server-time` and `npx @modelcontextprotocol/server-filesystem` have it."""

from __future__ import annotations

import json
import sys
from typing import Any

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
TOOLS: dict[str, dict[str, Json]] = {
    "time": {"get_current_time": {"timezone": TEXT}, "convert_time": {"time": TEXT}},
    "filesystem": {
        "read_file": {"path": TEXT, "lines": {"type": "integer"}},
        "write_file": {"path": TEXT, "content": TEXT},
        "list_directory": {"path": TEXT},
        "rename": {},
    },
    "search": {"search": {"terms": {"type": "array", "items": TEXT}, "options": {"type": "object"}}},
    "github": {"search_repositories": {"query": TEXT}, "create_issue": {"title": TEXT}},
    "tickets": {"list_tickets": {}, "create_ticket": {"title": TEXT}},
    "docs": {"search": {"query": TEXT}, "read": {"path": TEXT}, "write": {"path": TEXT}},
}
"""By that word, tools and their arguments; `rename` asks for the new name."""
ASKED: Json = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}


def which(arguments: list[str]) -> str:
    return next((word for word in TOOLS if any(word in each for each in arguments)), "docs")


def send(message: Json) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def received() -> Json:
    line = sys.stdin.readline()
    if not line:
        raise SystemExit
    return dict(json.loads(line))


def asked() -> object:
    """What the client answers to a question."""
    send({"id": "q", "method": "elicitation/create", "params": {"message": "Which name?", "requestedSchema": ASKED}})
    while (answer := received()).get("id") != "q":
        pass
    return answer.get("result", answer.get("error"))


def result_of(name: str, method: str, params: Json) -> Json | None:
    """The answer of the server of this name; None where there is no such method."""
    match method:
        case "initialize":
            about = {"name": name, "version": "1"}
            what: Json = {"tools": {}, "resources": {}, "prompts": {}}
            return {"protocolVersion": params["protocolVersion"], "capabilities": what, "serverInfo": about}
        case "ping":
            return {}
        case "tools/list":
            schemas = {tool: {"type": "object", "properties": given} for tool, given in TOOLS[name].items()}
            return {
                "tools": [
                    {"name": tool, "description": f"Does {tool}.", "inputSchema": of} for tool, of in schemas.items()
                ]
            }
        case "tools/call":
            said = asked() if params["name"] == "rename" else params.get("arguments", {})
            return {"content": [{"type": "text", "text": json.dumps({params["name"]: said})}], "isError": False}
        case "resources/list":
            return {"resources": [{"uri": f"{name}://notes", "name": "notes"}]}
        case "resources/templates/list":
            return {"resourceTemplates": []}
        case "resources/read":
            return {"contents": [{"uri": params["uri"], "mimeType": "text/plain", "text": f"the notes of {name}"}]}
        case "prompts/list":
            return {"prompts": [{"name": "summary", "arguments": [{"name": "topic"}]}]}
        case "prompts/get":
            return {"messages": [{"role": "user", "content": {"type": "text", "text": json.dumps(params)}}]}
    return None


def main() -> None:
    name = which(sys.argv[1:])
    while True:
        message = received()
        if (number := message.get("id")) is None:
            continue
        answer = result_of(name, message.get("method", ""), message.get("params") or {})
        if answer is None:
            send({"id": number, "error": {"code": -32601, "message": "there is no such method"}})
        else:
            send({"id": number, "result": answer})


if __name__ == "__main__":
    main()
