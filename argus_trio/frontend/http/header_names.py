"""The names of the headers that the edges read and write, as ASGI has them: lower-case bytes."""

from __future__ import annotations

from typing import Final

from argus_trio.wire import headers

ACCEPT: Final = headers.ACCEPT.encode()
CONTENT_TYPE: Final = headers.CONTENT_TYPE.encode()
CONTENT_ENCODING: Final = b"content-encoding"
SESSION_ID: Final = headers.SESSION_ID.encode()
PROTOCOL_VERSION: Final = headers.PROTOCOL_VERSION.encode()
LAST_EVENT_ID: Final = headers.LAST_EVENT_ID.encode()
