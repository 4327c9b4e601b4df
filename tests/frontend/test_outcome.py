"""The boundary: outcomes, error objects, statuses."""

from __future__ import annotations

import msgspec
import pytest
import trio
from structlog.testing import capture_logs

from argus_trio.core.call.exchange import Call, Exchange
from argus_trio.core.call.record import CallRecord, Cut
from argus_trio.core.open_exchanges import CancelledByOperator, CutByReload, CutByStop
from argus_trio.errors import (
    BackendError,
    BackendUnavailable,
    ClientCannotAnswer,
    HeaderMismatch,
    InvalidParams,
    MethodUnknown,
    Overloaded,
    RpcError,
    Unexpected,
)
from argus_trio.frontend.input_required.exchange import AskingRequest, PlainExchange
from argus_trio.frontend.outcome import error_object, error_response, http_status, outcome_of
from argus_trio.wire.revisions import Era


async def drop(_: bytes) -> None:
    """A client that hears nothing."""


def exchange_of(call: Call) -> PlainExchange:
    return PlainExchange(call, AskingRequest(drop, None, None))


CALL = Call(method="m", params={}, era=Era.LEGACY, revision="2025-11-25")


async def test_a_result_is_a_result() -> None:
    async def handler(_: Exchange) -> bytes:
        return b"{}"

    assert (await outcome_of(handler, exchange_of(CALL))).result == b"{}"


async def test_an_error_of_ours_is_kept() -> None:
    error = InvalidParams("no")

    async def handler(_: Exchange) -> bytes:
        raise error

    assert (await outcome_of(handler, exchange_of(CALL))).error is error


async def test_an_unexpected_exception_is_logged_once_under_the_id_that_the_client_gets() -> None:
    async def handler(_: Exchange) -> bytes:
        raise ZeroDivisionError("secret")

    with capture_logs() as logs:
        outcome = await outcome_of(handler, exchange_of(CALL))
    assert isinstance(outcome.error, Unexpected)
    assert [(entry["error_id"], entry["exc_info"]) for entry in logs] == [(outcome.error.error_id, True)]
    assert b"secret" not in error_object(outcome.error)


@pytest.mark.parametrize(
    ("cut", "error", "code"),
    [
        ("operator", CancelledByOperator, -31017),
        ("stopped", CutByStop, -31016),
        ("replaced", CutByReload, -31013),
    ],
)
async def test_one_whose_scope_is_cancelled_ends_with_an_error_that_says_who_wanted_that(
    cut: Cut, error: type[RpcError], code: int
) -> None:
    exchange = exchange_of(CALL)

    async def handler(_: Exchange) -> bytes:
        exchange.record = CallRecord(cut=cut)
        exchange.scope.cancel()
        await trio.sleep_forever()
        raise AssertionError

    outcome = await outcome_of(handler, exchange)
    assert (type(outcome.error), outcome.error and outcome.error.code) == (error, code)


async def test_one_that_has_its_result_keeps_it_though_it_is_cancelled_now() -> None:
    exchange = exchange_of(CALL)

    async def handler(_: Exchange) -> bytes:
        exchange.scope.cancel()
        return b"{}"

    assert (await outcome_of(handler, exchange)).result == b"{}"


def test_an_error_of_ours_is_rendered_with_its_code_and_data() -> None:
    response = error_response(b'"x"', BackendUnavailable("files", "down"))
    assert msgspec.json.decode(response) == {
        "jsonrpc": "2.0",
        "id": "x",
        "error": {
            "code": -31013,
            "message": "backend 'files' is unavailable: down",
            "data": {"backend": "files", "reason": "down"},
        },
    }


def test_a_backends_error_passes_byte_for_byte() -> None:
    encoded = b'{ "code" : -32002 , "message":"x", "odd":1.50 }'
    assert error_object(BackendError(encoded)) is encoded
    assert (
        error_object(BackendError(b'{"code":-1,"message":"-32002"}'), Era.MODERN) == b'{"code":-1,"message":"-32002"}'
    )


def test_a_missing_resource_has_another_code_for_a_modern_client() -> None:
    encoded = b'{"code":-32002,"message":"x","odd":1.50}'
    assert error_object(BackendError(encoded), Era.MODERN) == b'{"code":-32602,"message":"x","odd":1.50}'


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MethodUnknown("x"), 404),
        (InvalidParams("x"), 400),
        (HeaderMismatch("x"), 400),
        (Overloaded("x"), 503),
        (Unexpected("x"), 200),
        (BackendError(b'{"code":-32601,"message":""}'), 404),
        (BackendError(b'{"code":-32002,"message":""}'), 400),
        (BackendError(b'{"code":-32021,"message":""}'), 400),
        (BackendError(b'{"code":5,"message":""}'), 200),
        (BackendError(b'{"code":"x"}'), 200),
        (BackendError(b"[]"), 200),
    ],
)
def test_a_modern_status_follows_the_code(error: RpcError, status: int) -> None:
    assert http_status(error) == status


@pytest.mark.parametrize(
    ("era", "required", "code"),
    [(Era.MODERN, {"roots": {}}, -32021), (Era.MODERN, None, -32600), (Era.LEGACY, {"roots": {}}, -32600)],
)
async def test_what_could_not_be_asked_is_an_error_of_the_clients_era(
    era: Era, required: dict[str, object] | None, code: int
) -> None:
    async def handler(_: Exchange) -> bytes:
        raise ClientCannotAnswer("roots/list", "why", required=required)

    with capture_logs() as logs:
        outcome = await outcome_of(handler, exchange_of(Call(method="m", params={}, era=era, revision="x")))
    assert outcome.error is not None
    assert outcome.error.code == code
    assert not logs
