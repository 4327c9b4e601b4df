"""The reserved keys of a request's `_meta` (2026-07-28, Basic, Per-request protocol fields), each spelled once."""

from __future__ import annotations

from typing import Final

from argus_trio.wire.results import RESERVED

PROTOCOL_VERSION: Final = f"{RESERVED}protocolVersion"
CLIENT_INFO: Final = f"{RESERVED}clientInfo"
CLIENT_CAPABILITIES: Final = f"{RESERVED}clientCapabilities"
LOG_LEVEL: Final = f"{RESERVED}logLevel"
SUBSCRIPTION_ID: Final = f"{RESERVED}subscriptionId"
"""Of a notification and of the result of `subscriptions/listen`: the id of the request that they belong to."""
