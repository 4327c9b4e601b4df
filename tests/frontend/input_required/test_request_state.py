"""What a state is bound to, and that every change of it is noticed."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from argus_trio.core.access.principal import Principal
from argus_trio.core.call.exchange import Call
from argus_trio.errors import InvalidParams
from argus_trio.frontend.input_required.request_state import STATE_LIFE_SECONDS, RequestStates, digest, unwrapped
from argus_trio.frontend.input_required.seal import AesGcmSeal
from argus_trio.wire.envelope import Params, Raw, decode_object, encode_raw
from argus_trio.wire.revisions import Era

CALL = Call(
    method="tools/call",
    params={"name": Raw(b'"t"'), "arguments": Raw(b'{"a":1}')},
    era=Era.MODERN,
    revision="2026-07-28",
    principal=Principal(name="ada"),
)
STATES = RequestStates(AesGcmSeal)
GIVEN = STATES.give_out(CALL, "parked", "ticket", 100.0)


def coming_back(state: str, call: Call = CALL) -> Call:
    return replace(call, params={**call.params, "requestState": encode_raw(state)})


def test_the_seal_is_made_when_it_is_needed() -> None:
    made: list[AesGcmSeal] = []

    def make() -> AesGcmSeal:
        made.append(AesGcmSeal())
        return made[0]

    states = RequestStates(make)
    assert states.relayed(CALL, b'{"content":["input_required"]}', 0.0) == b'{"content":["input_required"]}'
    assert made == []
    states.give_out(CALL, "parked", "x", 0.0)
    states.give_out(CALL, "parked", "x", 0.0)
    assert len(made) == 1


def test_it_is_read_until_it_expires() -> None:
    state = STATES.read(coming_back(GIVEN), 100.0 + STATE_LIFE_SECONDS - 1)
    assert (state.kind, state.content) == ("parked", "ticket")
    with pytest.raises(InvalidParams, match="expired"):
        STATES.read(coming_back(GIVEN), 100.0 + STATE_LIFE_SECONDS)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (replace(CALL, principal=Principal(name="eve")), "another client's, or has been changed"),
        (replace(CALL, endpoint="safe"), "another client's, or has been changed"),
        (replace(CALL, method="prompts/get"), "for tools/call, not for prompts/get"),
        (replace(CALL, params={"name": Raw(b'"u"'), "arguments": Raw(b'{"a":1}')}), "other parameters"),
        (replace(CALL, params={"name": Raw(b'"t"')}), "other parameters"),
        (replace(CALL, params={**CALL.params, "more": Raw(b"1")}), "other parameters"),
    ],
)
def test_it_belongs_to_one_call_of_one_client(call: Call, reason: str) -> None:
    with pytest.raises(InvalidParams, match=reason):
        STATES.read(coming_back(GIVEN, call), 100.0)


def test_another_process_cannot_read_it() -> None:
    with pytest.raises(InvalidParams, match="since it was started"):
        RequestStates(AesGcmSeal).read(coming_back(GIVEN), 100.0)


@given(st.integers(0, len(GIVEN) - 1), st.sampled_from(string.ascii_letters + string.digits + "-_+/=. é"))
def test_a_character_changed_is_noticed(place: int, character: str) -> None:
    changed = GIVEN[:place] + character + GIVEN[place + 1 :]
    if changed != GIVEN:
        with pytest.raises(InvalidParams):
            STATES.read(coming_back(changed), 100.0)


@given(st.text() | st.binary().map(lambda raw: raw.hex()) | st.integers(0, len(GIVEN)).map(lambda end: GIVEN[:end]))
def test_what_was_not_given_out_is_refused(state: str) -> None:
    if state != GIVEN:
        with pytest.raises(InvalidParams):
            STATES.read(coming_back(state), 100.0)


@given(st.text(string.ascii_letters + "=\n ", min_size=1))
def test_what_is_added_is_noticed(more: str) -> None:
    for state in (GIVEN + more, more + GIVEN):
        with pytest.raises(InvalidParams):
            STATES.read(coming_back(state), 100.0)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.text(), json_values, max_size=3))
def test_order_and_whitespace_do_not_matter_and_what_passes_does_not_count(values: dict[str, object]) -> None:
    params: Params = {key: encode_raw(value) for key, value in values.items()}
    spaced = {key: Raw(b" " + bytes(params[key]) + b"\n") for key in reversed(params)}
    passing = {"requestState": Raw(b'"x"'), "inputResponses": Raw(b"{}"), "_meta": Raw(b"{}")}
    assert digest({**spaced, **passing}) == digest({**params, **passing, "_meta": Raw(b'{"a":1}')})


def test_numbers_that_no_float_holds_are_told_apart() -> None:
    spellings = [b"1e999", b"2e999", b"123456789012345678901234567890", b"123456789012345678901234567891"]
    assert len({digest({"a": Raw(spelling)}) for spelling in spellings}) == len(spellings)


@pytest.mark.parametrize("theirs", [b'"s"', b'"\\u00e9\\n"', b"7", None])
def test_what_a_backend_gave_comes_back_as_it_was(theirs: bytes | None) -> None:
    given_out = b'{"resultType":"input_required","x":1%b}' % (b"" if theirs is None else b',"requestState":' + theirs)
    shown = decode_object(STATES.relayed(CALL, given_out, 0.0))
    assert bytes(shown["x"]) == b"1"
    back = replace(CALL, params={**CALL.params, "requestState": shown["requestState"]})
    state = STATES.read(back, 1.0)
    assert state.kind == "relayed"
    call = unwrapped(back, state)
    assert (bytes(call.params["requestState"]) if "requestState" in call.params else None) == theirs


@pytest.mark.parametrize("result", [b"{}", b'{"resultType":"complete","x":"input_required"}', b'["input_required"]'])
def test_other_results_pass(result: bytes) -> None:
    assert STATES.relayed(CALL, result, 0.0) is result
