"""Open asks, and what answers mean to them."""

from __future__ import annotations

import json

import pytest

from argus_trio.core.call.abilities import Abilities
from argus_trio.errors import ArgusError, ClientCannotAnswer, ClientRefused, InvalidParams
from argus_trio.frontend.input_required.open_inputs import OpenInput, OpenInputs, read_answers
from argus_trio.wire.envelope import Params, Raw

ANSWERS = {
    "elicitation/create": b'{"action":"cancel"}',
    "sampling/createMessage": b'{"role":"assistant","content":[],"model":"m"}',
    "roots/list": b'{"roots":[]}',
    "odd/method": b"{}",
}


def opened(asks: OpenInputs, method: str, woken: list[str] | None = None) -> OpenInput:
    return asks.open(method, {}, lambda: None if woken is None else woken.append(method))


def test_keys_are_never_used_twice() -> None:
    asks = OpenInputs()
    first = opened(asks, "roots/list")
    asks.close(first)
    asks.close(first)
    assert not asks
    assert opened(asks, "roots/list").key != first.key


def test_requests_leave_out_params_that_are_empty() -> None:
    asks = OpenInputs()
    opened(asks, "roots/list")
    asks.open("elicitation/create", {"message": Raw(b'"\\u00e9"'), "x": Raw(b"1.50")}, lambda: None)
    assert asks.requests() == (
        b'{"ask-1":{"method":"roots/list"},'
        b'"ask-2":{"method":"elicitation/create","params":{"message":"\\u00e9","x":1.50}}}'
    )


@pytest.mark.parametrize("method", ANSWERS)
def test_a_result_answers_what_it_was_asked_for_alone(method: str) -> None:
    woken: list[str] = []
    asks = OpenInputs()
    ask, other = opened(asks, method, woken), opened(asks, "roots/list", woken)
    outcomes = asks.judge({ask.key: Raw(ANSWERS[method]), "stranger": Raw(b"7")})
    assert woken == []
    asks.settle(outcomes)
    assert (ask.answer, ask.refusal, woken) == (ANSWERS[method], None, [method])
    assert list(json.loads(asks.requests())) == [other.key]
    asks.settle(outcomes)
    assert woken == [method]


@pytest.mark.parametrize("method", list(ANSWERS)[:3])
@pytest.mark.parametrize(
    "answer", [b"7", b"[]", b"null", b"{}", b'{"code":1}', b'{"code":"a","message":"b"}', b'{"error":7}']
)
def test_what_is_no_result_is_invalid(method: str, answer: bytes) -> None:
    asks = OpenInputs()
    with pytest.raises(InvalidParams):
        asks.judge({opened(asks, method).key: Raw(answer)})


def test_an_error_is_a_refusal_as_it_was_written() -> None:
    asks = OpenInputs()
    ask = opened(asks, "roots/list")
    asks.settle(asks.judge({ask.key: Raw(b'{"error":{ "code":-32603,"message":"no","data":1.50}}')}))
    assert isinstance(ask.refusal, ClientRefused)
    assert ask.refusal.encoded == b'{ "code":-32603,"message":"no","data":1.50}'


def test_a_client_with_less_abilities_refuses_what_it_lost() -> None:
    asks = OpenInputs()
    roots, form = opened(asks, "roots/list"), opened(asks, "elicitation/create")
    asks.refuse_undeclared(Abilities(roots=True))
    assert roots.refusal is None
    assert isinstance(form.refusal, ClientCannotAnswer)
    assert form.refusal.required == {"elicitation": {"form": {}}}


def test_all_can_be_refused() -> None:
    woken: list[str] = []
    asks = OpenInputs()
    opened(asks, "roots/list", woken)
    opened(asks, "elicitation/create", woken)
    asks.refuse_all(ArgusError)
    assert (woken, bool(asks)) == (["roots/list", "elicitation/create"], False)


def test_answers_are_an_object_or_not_there() -> None:
    nothing: Params = {}
    assert read_answers(nothing) == {}
    assert read_answers({"inputResponses": Raw(b'{"a":1}')}) == {"a": Raw(b"1")}
    with pytest.raises(InvalidParams):
        read_answers({"inputResponses": Raw(b"null")})
