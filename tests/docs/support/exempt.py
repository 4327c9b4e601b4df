"""All that the pages show and that is not tried, and why. Each list has a number that a test asserts: it does not grow
silently."""

from __future__ import annotations

from types import MappingProxyType

NOT_RUN = MappingProxyType(
    {
        "needs systemd": "what runs the tests is not started by systemd",
        "needs a container engine": "tests/containers run the same commands where there is one",
        "needs the package index": "CI runs it as its first step, or `tox -e package` does",
        "needs another program": "a program that is not ours and is not everywhere, such as a client",
    }
)
"""The reasons not to run a command, in the words of a note."""
LINES_NOT_RUN = MappingProxyType(
    {
        "needs systemd": 10,
        "needs a container engine": 4,
        "needs the package index": 16,
        "needs another program": 3,
    }
)
"""How many command lines of all pages are not run."""


def reason_of(note: str) -> tuple[frozenset[str], str]:
    """The programs of a `not run` note, none meaning all of its block, and the reason. Raises: AssertionError."""
    programs, colon, reason = note.rpartition(": ")
    assert reason in NOT_RUN, f"{reason!r} is no reason; there are {', '.join(NOT_RUN)}"
    return (frozenset(each.strip() for each in programs.split(",")) if colon else frozenset()), reason


OF_ANOTHER_PROGRAM = frozenset({"Coming from the original Argus"})
"""Headings of sections that name what another program has."""
NOT_OURS = MappingProxyType(
    {
        "--token": "an option that there is not, as the pages say: arguments can be read by every user of a machine",
        "--repository": "of mcp-server-git",
        "host.docker.internal": "a name that Docker knows",
        "host.containers.internal": "a name that Podman knows",
        "health.latency_ms": "a member of a backend's entry in the management API; a key is called `health` as well",
        "test_a_line_that_is_too_long_ends_the_link": "an example of a name",
        "OTEL_BSP_MAX_QUEUE_SIZE": "read by the OpenTelemetry SDK",
        "OTEL_TRACES_SAMPLER": "read by the OpenTelemetry SDK",
    }
)
"""What is named and is no part of the project, and what it is."""
