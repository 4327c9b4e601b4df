"""What a call names, and the error for what is not there."""

from __future__ import annotations

import pytest

from argus_trio.core.call.aims import Aim, aim_of, arguments_of, calling, unknown
from argus_trio.core.call.exchange import Call
from argus_trio.errors import InvalidParams, MethodUnknown, ResourceUnknown
from argus_trio.wire.envelope import encode_raw
from argus_trio.wire.revisions import Era


def call(method: str, era: Era = Era.LEGACY, **params: object) -> Call:
    return Call(method=method, params={key: encode_raw(value) for key, value in params.items()}, era=era, revision="")


PROMPT = {"type": "ref/prompt", "name": "p"}
RESOURCE = {"type": "ref/resource", "uri": "f:///{x}"}


@pytest.mark.parametrize(
    ("asked", "aim"),
    [
        (call("tools/call", name="t"), Aim(kind="tool", name="t")),
        (call("prompts/get", name="p"), Aim(kind="prompt", name="p")),
        (call("resources/read", uri="f:///a"), Aim(kind="resource", name="f:///a")),
        (call("resources/subscribe", uri="f:///a"), Aim(kind="resource", name="f:///a")),
        (call("resources/unsubscribe", uri="f:///a"), Aim(kind="resource", name="f:///a")),
        (
            call("resources/subscribe", Era.MODERN, uri="f:///a"),
            Aim(kind="method", name="resources/subscribe"),
        ),
        (call("completion/complete", ref=PROMPT, argument={}), Aim(kind="prompt", name="p", is_reference=True)),
        (
            call("completion/complete", ref=RESOURCE, argument={}),
            Aim(kind="resource", name="f:///{x}", is_reference=True),
        ),
        (call("acme/search", name="t"), Aim(kind="method", name="acme/search")),
        (call("sampling/createMessage"), Aim(kind="method", name="sampling/createMessage")),
    ],
)
def test_a_call_names_one_thing(asked: Call, aim: Aim) -> None:
    assert aim_of(asked) == aim


@pytest.mark.parametrize(
    "asked",
    [
        call("tools/list"),
        call("prompts/list"),
        call("resources/list"),
        call("resources/templates/list"),
        call("tasks/get", taskId="x"),
        call("tools/call"),
        call("tools/call", name=1),
        call("resources/read", uri=None),
        call("completion/complete", ref=PROMPT),
        call("completion/complete", ref="p", argument={}),
        call("completion/complete", ref={"type": "ref/other", "name": "p"}, argument={}),
        call("completion/complete", ref={"type": "ref/prompt", "uri": "p"}, argument={}),
    ],
)
def test_what_is_for_everybody_or_malformed_names_nothing(asked: Call) -> None:
    assert aim_of(asked) is None


def test_the_error_is_the_one_for_what_nobody_has() -> None:
    for asked, message in (
        (call("tools/call", name="t" * 300), "unknown tool: " + "t" * 200),
        (call("prompts/get", name="p"), "unknown prompt: p"),
        (call("completion/complete", ref=PROMPT, argument={}), "unknown prompt: p"),
        (call("completion/complete", ref=RESOURCE, argument={}), "unknown resource or template: f:///{x}"),
        (call("resources/read", Era.MODERN, uri="f:///a"), "unknown resource: f:///a"),
    ):
        aim = aim_of(asked)
        assert aim is not None
        error = unknown(asked, aim)
        assert isinstance(error, InvalidParams)
        assert error.message == message
    asked = call("resources/read", uri="f:///a")
    assert isinstance(unknown(asked, Aim(kind="resource", name="f:///a")), ResourceUnknown)
    asked = call("acme/x")
    assert isinstance(unknown(asked, Aim(kind="method", name="acme/x")), MethodUnknown)


def test_conditions_look_into_arguments_or_into_the_params_of_what_has_none() -> None:
    asked = call("tools/call", name="t", arguments={"a": 1})
    assert arguments_of(asked, Aim(kind="tool", name="t")) == b'{"a":1}'
    assert arguments_of(call("tools/call", name="t"), Aim(kind="tool", name="t")) == b""
    asked = call("acme/x", a=1)
    assert arguments_of(asked, Aim(kind="method", name="acme/x")) == b'{"a":1}'


def test_a_reference_is_looked_up_as_what_it_refers_to() -> None:
    asked = call("completion/complete", ref=PROMPT, argument={})
    found = calling(asked, Aim(kind="prompt", name="p", is_reference=True))
    assert (found.method, found.params) == ("prompts/get", {"name": encode_raw("p")})
    assert calling(asked, Aim(kind="prompt", name="p")) is asked
