"""No task for each message of a peer: what is said outside calls goes through queues, in order and in bounds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "argus_trio"
SENDING = frozenset({"notify", "tell", "tell_client", "forward", "send", "send_notification"})
"""What sends one message to a peer, by name: a queue awaits it, and no task is started for it alone."""
STARTING = frozenset({"start_soon", "start"})


def started_to_send(source: str) -> list[int]:
    """The lines on which a task is started that sends one message, directly or by way of `partial` or a lambda."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in STARTING:
            inside = [part for argument in node.args for part in ast.walk(argument)]
            if any(isinstance(part, ast.Attribute) and part.attr in SENDING for part in inside):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("nursery.start_soon(client.notify, method, params)", True),
        ("self.connection.start_soon(partial(own.forward, method))", True),
        ("nursery.start_soon(lambda: link.send(body))", True),
        ("nursery.start_soon(self._deliver, queue)", False),
        ("queue.put(method, params)", False),
    ],
)
def test_a_task_that_sends_one_message_is_found(line: str, is_found: bool) -> None:
    assert started_to_send(line) == [1] * is_found


def test_nothing_starts_a_task_for_each_message() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in PACKAGE.rglob("*.py")
        for line in started_to_send(path.read_text())
    ]
    assert found == [], (
        "put these into a queue (backends/connection/notification_queue.py), which is bounded and keeps the order"
    )
