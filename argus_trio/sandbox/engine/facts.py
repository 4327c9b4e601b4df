"""What is known of a container engine, for those who look for one; plans know it too, and stand below."""

from __future__ import annotations

from argus_trio.sandbox.plan.engine_facts import EngineFacts, EngineFound, NoEngine

__all__ = ["EngineFacts", "EngineFound", "NoEngine"]
