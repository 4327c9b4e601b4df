"""What the gateway says of itself."""

from __future__ import annotations

import msgspec

from argus_trio.core.catalog.identity import GatewayIdentity
from argus_trio.frontend.identity import discover_result, initialize_result


def test_extra_capabilities_are_told_and_instructions_only_where_there_are_some() -> None:
    identity = GatewayIdentity(version="1", capabilities={"extensions": {}})
    for result in (initialize_result(identity, "2025-06-18"), discover_result(identity)):
        found = msgspec.json.decode(result)
        assert set(found["capabilities"]) >= {"tools", "prompts", "resources", "extensions"}
        assert "instructions" not in found


def test_the_tasks_of_the_legacy_era_are_no_capability_of_the_modern_one() -> None:
    identity = GatewayIdentity(version="1", capabilities={"tasks": {}})
    assert "tasks" in msgspec.json.decode(initialize_result(identity, "2025-11-25"))["capabilities"]
    assert "tasks" not in msgspec.json.decode(discover_result(identity))["capabilities"]
