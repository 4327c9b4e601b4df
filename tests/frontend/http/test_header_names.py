"""The names of headers, as ASGI has them."""

from __future__ import annotations

from argus_trio.frontend.http import header_names
from argus_trio.wire import headers


def test_each_is_the_name_on_the_wire_in_lower_case_bytes() -> None:
    for name in ("ACCEPT", "CONTENT_TYPE", "SESSION_ID", "PROTOCOL_VERSION", "LAST_EVENT_ID"):
        found = getattr(header_names, name)
        assert found == getattr(headers, name).encode()
        assert found == found.lower()
