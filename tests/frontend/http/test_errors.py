"""What requests are turned away with."""

from __future__ import annotations

import pytest

from argus_trio.errors import InvalidRequest, RpcError
from argus_trio.frontend.http import errors
from argus_trio.frontend.outcome import error_response


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.NotAcceptable, 406),
        (errors.WrongMediaType, 415),
        (errors.BodyTooLarge, 413),
        (errors.BodyStalled, 408),
        (errors.SessionUnknown, 404),
        (errors.MethodNotAllowed, 405),
    ],
)
def test_each_is_an_invalid_request_with_a_status_of_http(kind: type[InvalidRequest], status: int) -> None:
    assert (kind("why").http_status, kind.code) == (status, -32600)
    assert error_response(b"null", kind("why")) == (
        b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"why"}}'
    )


def test_nobody_is_told_of_a_client_that_is_gone() -> None:
    assert not issubclass(errors.ClientGone, RpcError)
