"""The options of the test run."""

from __future__ import annotations

import os

import pytest

NO_ENGINE = "unix:///nonexistent/docker.sock"
"""What tests and their gateways find no container engine by, whatever this machine has: who wants one says which."""


def pytest_configure() -> None:
    os.environ["DOCKER_HOST"] = NO_ENGINE


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write what tests generate, such as docs/compatibility.md")
