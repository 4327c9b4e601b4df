"""What the bridge does unless the command says otherwise: nothing but constants, so that help costs no import."""

from __future__ import annotations

from typing import Final

DEFAULT_URL: Final = "http://127.0.0.1:9000/mcp"
"""Where a gateway with no configured address listens."""
WAIT_SECONDS: Final = 20.0
"""How long a message waits for a gateway.

Login items start in any order and a gateway is there after a few seconds; clients give up after 30 s or more."""
