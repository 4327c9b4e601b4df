"""Every test of the front door runs with both that can speak HTTP/1.1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest

from tests.frontend.support.serving import SPOKEN


@pytest.fixture(params=["lean", "hypercorn"], autouse=True)
def http(request: pytest.FixtureRequest) -> Iterator[Literal["lean", "hypercorn"]]:
    SPOKEN.append(request.param)
    yield request.param
    SPOKEN.pop()
