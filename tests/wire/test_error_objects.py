"""Error objects of a peer: which code they hold, and whether they are any."""

from __future__ import annotations

import pytest

from argus_trio.errors import InvalidParams
from argus_trio.wire.envelope import Raw, encode_error
from argus_trio.wire.error_objects import (
    INVALID_PARAMS,
    METHOD_UNKNOWN,
    code_of,
    is_error_object,
    retry_after_of,
    revisions_named,
    with_retry_after,
)


def test_the_code_is_read_as_it_was_written() -> None:
    assert code_of(b'{"code":-32601,"message":"no"}') == METHOD_UNKNOWN
    assert code_of(Raw(b'{"message":"no","code": "E7"}')) == b'"E7"'


@pytest.mark.parametrize("error", [b"", b"null", b"[]", b'"-32601"', b"{}", b'{"message":"no"}', b"{"])
def test_what_holds_no_code_has_none(error: bytes) -> None:
    assert code_of(error) == b""
    assert not is_error_object(error)


def test_the_gateways_errors_are_error_objects_with_the_codes_that_are_looked_for() -> None:
    failure = InvalidParams("no")
    error = encode_error(failure.code, str(failure))
    assert is_error_object(error)
    assert code_of(error) == INVALID_PARAMS


@pytest.mark.parametrize(
    "error", [b'{"code":1}', b'{"code":1,"message":2}', b'{"code":"1","message":"no"}', b'{"code":1.5,"message":"no"}']
)
def test_an_error_object_has_a_whole_number_and_a_text(error: bytes) -> None:
    assert not is_error_object(error)


def test_what_else_an_error_object_holds_does_not_matter() -> None:
    assert is_error_object(b'{"code":1,"message":"","data":[],"more":null}')


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (b'{"code":1,"message":"busy"}', b'{"code":1,"message":"busy","data":{"retryAfter":7.0}}'),
        (b'{"code":1,"message":"busy","data":null}', b'{"code":1,"message":"busy","data":{"retryAfter":7.0}}'),
        (b'{"code":1,"data":{"of":"x"}}', b'{"code":1,"data":{"of":"x","retryAfter":7.0}}'),
        (b'{"code":1,"data":{"retryAfter":3}}', b'{"code":1,"data":{"retryAfter":3}}'),
        (b'{"code":1,"data":"words"}', b'{"code":1,"data":"words"}'),
        (b'"no object"', b'"no object"'),
    ],
)
def test_the_time_to_come_again_is_added_to_an_error_where_there_is_room(error: bytes, expected: bytes) -> None:
    assert with_retry_after(error, 7.0) == expected


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (b'{"data":{"retryAfter":3}}', 3.0),
        (b'{"data":{"retryAfter":0.5}}', 0.5),
        (b'{"data":{"retryAfter":-1}}', None),
        (b'{"data":{"retryAfter":"3"}}', None),
        (b'{"data":3}', None),
        (b"[]", None),
    ],
)
def test_the_time_to_come_again_is_read_from_an_error(error: bytes, seconds: float | None) -> None:
    assert retry_after_of(error) == seconds


def test_revisions_are_found_wherever_a_refusal_names_them() -> None:
    said = b'{"message":"no 2025-11-25, but 2025-06-18","data":{"supported":["2024-11-05","12025-03-26"]}}'
    assert revisions_named(said) == ["2025-11-25", "2025-06-18", "2024-11-05"]
