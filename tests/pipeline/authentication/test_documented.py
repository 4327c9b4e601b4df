"""The example of docs/middleware.md does what the page says."""

from __future__ import annotations

import re

import pytest

from tests.e2e.child import ROOT
from tests.pipeline.support.arrivals import admitted, arrival, bearer, living, refused


@pytest.fixture
def example() -> str:
    page = (ROOT / "docs" / "middleware.md").read_text()
    section = page.partition("## `type: authentication`")[2].partition("\n## ")[0]
    found = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


async def test_each_method_of_the_example_lets_in_whom_it_says(example: str) -> None:
    async with living(example) as pipeline:
        assert (await admitted(pipeline, bearer("test"))).name == "ops"
        assert (await admitted(pipeline, arrival({"X-API-Key": "a-key-from-the-environment"}))).roles == {"reader"}
        fields = {"X-Forwarded-User": "zoe", "X-Forwarded-Groups": "a, b"}
        assert (await admitted(pipeline, arrival(fields, is_from_proxy=True))).roles == {"a", "b"}
        assert (await admitted(pipeline, arrival(fields))).roles == {"guest"}
        assert (await refused(pipeline, bearer("wrong"))).status == 401
        assert "/.well-known/oauth-protected-resource/mcp" in pipeline.access.documents
