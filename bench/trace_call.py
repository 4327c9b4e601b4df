"""How many functions of the package one modern `tools/call` to a stdio backend enters, and in how many files.

    python -m bench.trace_call [--list]

The gateway runs in this process, with the echo server of the tests behind it. The call that is counted is not the
first: connections are open and caches are filled. Comprehensions do not count, nor does what has nothing to do with
the call, such as the tick of a timer, as far as it can be told: the smallest of several counts is taken.
"""

from __future__ import annotations

import opcode
import sys
from pathlib import Path
from types import CodeType, FrameType

import trio

import argus_trio
from argus_trio.app import run_gateway
from argus_trio.config.load import parse

PACKAGE = str(Path(argus_trio.__file__).parent)
ECHO = Path(__file__).parents[1] / "tests" / "servers" / "echo.py"
CALLS = 15
RESUME = opcode.opmap["RESUME"]
META = (
    '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},'
    '"io.modelcontextprotocol/clientInfo":{"name":"trace","version":"1"}}'
)
BODY = (
    f'{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo__echo","arguments":{{"text":"x"}},{META}}}}}'
).encode()
HEAD = (
    "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n"
    f"Mcp-Method: tools/call\r\nMcp-Name: echo__echo\r\nContent-Length: {len(BODY)}\r\n\r\n"
).encode()


async def main() -> list[tuple[str, str]]:
    """The (file, function) pairs that one call enters, in the order in which they are entered first."""
    config = parse(
        f"backends: {{echo: {{type: stdio, command: {sys.executable!r}, args: [{str(ECHO)!r}]}}}}\nserver: {{port: 0}}",
        source="trace",
        folder=Path.cwd(),
        environ={},
    )
    listening = trio.Event()
    urls: list[str] = []

    def on_listening(found: object) -> None:
        assert isinstance(found, tuple | list)
        urls.extend(found)
        listening.set()

    best: list[tuple[str, str]] = []
    async with trio.open_nursery() as nursery:

        async def serve() -> None:
            await run_gateway(config, on_listening=on_listening)

        nursery.start_soon(serve)
        await listening.wait()
        stream = await trio.open_tcp_stream("127.0.0.1", int(urls[0].rsplit(":", 1)[1]))
        for _ in range(CALLS):
            await call(stream)
            await trio.sleep(0.01)
            entered = await traced(stream)
            if not best or len(entered) < len(best):
                best = entered
        nursery.cancel_scope.cancel()
    return best


async def traced(stream: trio.SocketStream) -> list[tuple[str, str]]:
    """One call with every function noted that it enters."""
    codes: dict[CodeType, None] = {}

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE) and is_fresh(frame):
            codes.setdefault(frame.f_code)

    sys.setprofile(profile)
    try:
        await call(stream)
    finally:
        sys.setprofile(None)
    functions = [code for code in codes if not code.co_name.startswith("<")]
    return [(code.co_filename.removeprefix(PACKAGE + "/"), code.co_qualname) for code in functions]


def is_fresh(frame: FrameType) -> bool:
    """Whether the function begins, and is no coroutine that goes on: its last instruction says how it resumes."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return not (code[at] == RESUME and code[at + 1] & 3)


async def call(stream: trio.SocketStream) -> None:
    """One `tools/call`, and its answer."""
    await stream.send_all(HEAD + BODY)
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
        chunk = await stream.receive_some(65536)
        assert chunk, "the gateway closed the connection"
        answer += chunk
    assert answer.startswith(b"HTTP/1.1 200"), answer
    assert b'"result"' in answer, answer


if __name__ == "__main__":
    found = trio.run(main)
    if "--list" in sys.argv:
        for file, function in found:
            print(file, function)
    print(f"{len(found)} functions in {len({file for file, _ in found})} files")
