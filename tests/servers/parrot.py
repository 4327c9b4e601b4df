"""A legacy stdio server that answers every call with the very bytes of its arguments, which it does not read.

Standard library only. One tool, `say`; its result holds the arguments three times: as structured content, in an unknown
member, and in a content item of an unknown type.
"""

from __future__ import annotations

import json
import sys

ARGUMENTS = b'"arguments":'
GREETING = b'{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"p","version":"1"}}'
TOOLS = b'{"tools":[{"name":"say","inputSchema":{"type":"object"}}]}'


def answer(line: bytes) -> bytes | None:
    """The response to a request; None for a notification."""
    head, found, tail = line.partition(ARGUMENTS)
    request = json.loads(head + b'"arguments":0}}' if found else line)
    if "id" not in request:
        return None
    number = json.dumps(request["id"]).encode()
    match request["method"]:
        case "initialize":
            result = GREETING
        case "tools/list":
            result = TOOLS
        case "tools/call":
            said = tail.strip().removesuffix(b"}}")
            item = b'{"type":"x-parrot","said":%b}' % said
            result = b'{"content":[%b],"structuredContent":%b,"x-said":%b}' % (item, said, said)
        case method:
            error = b'{"code":-32601,"message":%b}' % json.dumps(method).encode()
            return b'{"jsonrpc":"2.0","id":%b,"error":%b}\n' % (number, error)
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}\n' % (number, result)


def main() -> None:
    for line in sys.stdin.buffer:
        response = answer(line)
        if response is not None:
            sys.stdout.buffer.write(response)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
