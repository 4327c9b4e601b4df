"""The error that requires URL elicitation, as a modern result; everything else is left an error."""

from __future__ import annotations

import json

import pytest

from argus_trio.core.call.url_elicitation import is_declined, required_input
from argus_trio.wire.envelope import decode_object

PAGE = {"mode": "url", "elicitationId": "e1", "url": "https://x/1", "message": "Go there.", "x-new": [1]}


def error(code: int, data: object) -> bytes:
    return json.dumps({"code": code, "message": "more needed", "data": data}).encode()


def test_every_elicitation_becomes_an_input_request_without_its_id() -> None:
    raw = required_input(error(-32042, {"elicitations": [PAGE, {"url": "https://x/2", "message": "And there."}]}))
    assert raw is not None
    assert json.loads(raw) == {
        "resultType": "input_required",
        "inputRequests": {
            "url-elicitation-1": {
                "method": "elicitation/create",
                "params": {"mode": "url", "url": "https://x/1", "message": "Go there.", "x-new": [1]},
            },
            "url-elicitation-2": {
                "method": "elicitation/create",
                "params": {"mode": "url", "url": "https://x/2", "message": "And there."},
            },
        },
    }


@pytest.mark.parametrize(
    "raw",
    [
        error(-32602, {"elicitations": [PAGE]}),
        error(-32602, "-32042"),
        error(-32042, None),
        error(-32042, {"elicitations": []}),
        error(-32042, {"elicitations": [{"mode": "form", "url": "https://x/1"}]}),
        error(-32042, {"elicitations": [{"mode": "url"}]}),
        error(-32042, {"elicitations": [7]}),
        b"-32042",
    ],
)
def test_any_other_error_stays_one(raw: bytes) -> None:
    assert required_input(raw) is None


@pytest.mark.parametrize(
    ("params", "declined"),
    [
        ({}, False),
        ({"inputResponses": 7}, False),
        ({"inputResponses": {"url-elicitation-1": {"action": "accept"}}}, False),
        ({"inputResponses": {"other": {"action": "decline"}}}, False),
        ({"inputResponses": {"url-elicitation-1": {"action": "decline"}}}, True),
        ({"inputResponses": {"url-elicitation-1": {"action": "accept"}, "url-elicitation-2": {}}}, True),
    ],
)
def test_a_user_who_declined_is_not_asked_again(params: object, declined: bool) -> None:
    assert is_declined(decode_object(json.dumps(params).encode())) is declined
