"""The place where commands run: one for all tests that are in need of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.docs.support.place import Place, at_a_place


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with at_a_place(tmp_path_factory.mktemp("place")) as found:
        yield found
