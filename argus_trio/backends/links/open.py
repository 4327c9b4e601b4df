"""Which link belongs to which kind of backend."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from typing import assert_never

from argus_trio.backends.links.http_sse import open_http_sse
from argus_trio.backends.links.link import Inbox, Link
from argus_trio.backends.links.stderr import StderrRing
from argus_trio.backends.links.stdio import open_stdio
from argus_trio.backends.links.streamable_http import open_streamable_http
from argus_trio.config.model.backend import BackendSpec, HttpBackend, SseBackend, StdioBackend


def open_link(spec: BackendSpec, inbox: Inbox, stderr: StderrRing) -> AbstractAsyncContextManager[Link]:
    """A link to the backend that `spec` declares; entering it opens it.

    Raises (on entering):
        LinkFailed: it could not be opened.
    """
    match spec:
        case StdioBackend():
            return open_stdio(spec, inbox, stderr=stderr, environ=os.environ)
        case SseBackend():
            return open_http_sse(spec, inbox)
        case HttpBackend():
            return open_streamable_http(spec, inbox)
    assert_never(spec)
