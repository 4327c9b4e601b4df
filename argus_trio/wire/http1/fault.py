"""What is no HTTP/1.1, or may be understood in two ways."""

from __future__ import annotations

from argus_trio.errors import ArgusError


class HttpFault(ArgusError):
    """Bytes that are not accepted. `reason` quotes nothing of them; `status` is what a client is answered with."""

    def __init__(self, reason: str, *, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
