"""A call that says no more than it must."""

from __future__ import annotations

import weakref

from argus_trio.core.access.principal import ANONYMOUS, Principal
from argus_trio.core.call.abilities import NONE
from argus_trio.core.call.exchange import Call
from argus_trio.wire.revisions import Era


def test_a_call_that_says_no_more_is_anonymous_and_its_client_can_be_asked_nothing() -> None:
    call = Call(method="ping", params={}, era=Era.MODERN, revision="2026-07-28")
    assert call.principal == ANONYMOUS
    assert (call.abilities, call.capabilities, call.log_level, call.client) == (NONE, {}, None, None)


def test_principals_are_equal_by_their_name() -> None:
    assert Principal(name="anna") == Principal(name="anna") != ANONYMOUS


def test_a_call_shows_what_is_asked_and_not_what_its_client_says_of_itself() -> None:
    call = Call(method="ping", params={}, era=Era.MODERN, revision="2026-07-28", client_info=b'{"name":"any text"}')
    assert "any text" not in repr(call)
    assert "'ping'" in repr(call)


def test_a_call_can_be_referred_to_weakly_by_a_middleware_of_ones_own() -> None:
    call = Call(method="ping", params={}, era=Era.MODERN, revision="2026-07-28")
    assert weakref.ref(call)() is call
