"""What an HTTP request is turned away with before it is a call; each is an invalid request with an HTTP status."""

from __future__ import annotations

from argus_trio.errors import ArgusError, InvalidRequest


class NotAcceptable(InvalidRequest):
    """The Accept header leaves no way to answer."""

    http_status = 406


class WrongMediaType(InvalidRequest):
    """The body is not declared as JSON; this also keeps out what a web page can post without being asked for leave."""

    http_status = 415


class CodingRefused(InvalidRequest):
    """The body is compressed; how it may come is said by the answer's Accept-Encoding (RFC 9110, 15.5.16)."""

    http_status = 415


class BodyTooLarge(InvalidRequest):
    """The body is larger than `server.max_body_bytes`."""

    http_status = 413


class BodyStalled(InvalidRequest):
    """The body did not come in time."""

    http_status = 408


class SessionUnknown(InvalidRequest):
    """No such session, or no more; the client has to initialize anew (2025-11-25, Session Management)."""

    http_status = 404


class MethodNotAllowed(InvalidRequest):
    """The path does not answer to this HTTP method in this era."""

    http_status = 405


class ClientGone(ArgusError):
    """The client left before its request was complete; there is nobody to answer."""
