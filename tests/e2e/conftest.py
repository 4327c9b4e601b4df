"""Fixtures that the end-to-end tests share, and their marker."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import pytest

from tests.e2e.child import Child, serving
from tests.e2e.gateway import SERVERS
from tests.e2e.tools import Npm, Peers, Python, Unavailable, Uv

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before `-m` is looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is `e2e`, without a test having to say so."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("e2e")


def unavailable(reason: Unavailable) -> NoReturn:
    """Without the registries a test cannot run; in CI that is a failure, since nobody would notice a skip."""
    if os.environ.get("CI"):
        pytest.fail(str(reason))
    pytest.skip(str(reason))


@pytest.fixture(scope="session")
def npm() -> Npm:
    try:
        return Npm()
    except Unavailable as reason:
        unavailable(reason)


@pytest.fixture(scope="session")
def python() -> Python:
    try:
        return Python()
    except Unavailable as reason:
        unavailable(reason)


@pytest.fixture(scope="session")
def peers(npm: Npm) -> Peers:
    try:
        return Peers(npm)
    except Unavailable as reason:
        unavailable(reason)


@pytest.fixture(scope="session")
def uv() -> Uv:
    try:
        return Uv()
    except Unavailable as reason:
        unavailable(reason)


@pytest.fixture(scope="session")
def sdk1(uv: Uv) -> str:
    """The Python that has version 1 of the MCP SDK; ours is version 2."""
    try:
        return uv.python_with("mcp-1")
    except Unavailable as reason:
        unavailable(reason)


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[..., int]]:
    """Starts tests/servers/sdk.py with the given arguments; its port. They end with the module."""
    with ExitStack() as children:

        def start(*arguments: str) -> int:
            child = children.enter_context(Child([sys.executable, SERVERS / "sdk.py", *arguments]))
            return child.wait_for(serving)

        yield start
