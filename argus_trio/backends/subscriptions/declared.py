"""What a backend declares to report on: only that is asked for. What it reports all the same is acted on elsewhere.

In both eras `listChanged` says whether there will be notifications of changed lists, and `subscribe` whether updates of
resources can be subscribed to (2025-11-25 and 2026-07-28, Server Capabilities).
"""

from __future__ import annotations

from argus_trio.wire.envelope import Params
from argus_trio.wire.members import object_member
from argus_trio.wire.revisions import Era


def declares_list_changes(capabilities: Params, kind: str) -> bool:
    """Whether a server with these capabilities reports changes of the lists under one capability, such as `tools`."""
    return _is_true(capabilities, kind, "listChanged")


def may_report_updates(capabilities: Params, era: Era) -> bool:
    """Whether a server with these capabilities may let clients subscribe to updates of resources.

    A legacy one is asked whatever it declares, as long as it has resources: a widespread SDK says `subscribe: false`
    for servers that serve it all the same, and a direct connection gets their updates.
    """
    if era is Era.LEGACY:
        return "resources" in capabilities
    return _is_true(capabilities, "resources", "subscribe")


def _is_true(capabilities: Params, capability: str, member: str) -> bool:
    declared = object_member(capabilities, capability) or {}
    return bytes(declared.get(member, b"")) == b"true"
