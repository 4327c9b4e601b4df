"""What can be an answer to a question, and what is told of what cannot."""

from __future__ import annotations

import msgspec
import pytest

from argus_trio.contract.calls import AskAnswerRequest
from argus_trio.errors import ClientRefused
from argus_trio.frontend.manage.answer import ManageProblem
from argus_trio.frontend.manage.calls.answers import answer_to

ELICIT, SAMPLE, ROOTS = "elicitation/create", "sampling/createMessage", "roots/list"


def given(body: str) -> AskAnswerRequest:
    return msgspec.json.decode(body, type=AskAnswerRequest)


@pytest.mark.parametrize(
    ("method", "result"),
    [
        (ELICIT, '{"action":"accept","content":{"n":123456789012345678901234567890}}'),
        (ELICIT, '{"action":"decline"}'),
        (SAMPLE, '{"role":"assistant","content":{"type":"text","text":"x"},"model":"m","odd":1.10}'),
        (ROOTS, '{"roots":[]}'),
    ],
)
def test_a_result_goes_on_as_it_came(method: str, result: str) -> None:
    assert answer_to(method, given(f'{{"result":{result},"error":null}}')) == result.encode()


def test_an_error_refuses_in_its_own_words() -> None:
    refused = answer_to(ELICIT, given('{"error":{"code":-1,"message":"not now","data":[1]}}'))
    assert isinstance(refused, ClientRefused)
    assert refused.encoded == b'{"code":-1,"message":"not now","data":[1]}'


@pytest.mark.parametrize(
    ("method", "body", "said"),
    [
        (ELICIT, "{}", "and not both"),
        (ELICIT, '{"result":null}', "and not both"),
        (ELICIT, '{"result":{"action":"accept"},"error":{"code":1,"message":"x"}}', "and not both"),
        (ELICIT, '{"result":{}}', "it lacks action"),
        (ELICIT, '{"result":{"action":"yes"}}', "accept, decline, cancel"),
        (ELICIT, '{"result":{"action":1}}', "accept, decline, cancel"),
        (SAMPLE, '{"result":{"role":"assistant"}}', "it lacks content, model"),
        (ROOTS, '{"result":{"root":[]}}', "it lacks roots"),
        (ROOTS, '{"error":{"code":"x","message":"x"}}', 'a whole number "code"'),
        (ROOTS, '{"error":{}}', 'a whole number "code"'),
    ],
)
def test_what_is_no_answer_is_told_why(method: str, body: str, said: str) -> None:
    with pytest.raises(ManageProblem, match=said) as caught:
        answer_to(method, given(body))
    assert caught.value.word == "bad-request"
