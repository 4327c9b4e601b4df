"""What stands in this folder is tried with our own HTTP/1.1 alone."""

from __future__ import annotations

from typing import Literal

import pytest


@pytest.fixture(scope="session")
def http() -> Literal["lean"]:
    return "lean"
