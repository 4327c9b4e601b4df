"""The bounds of the open calls, and their tickets."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.errors import InvalidParams, Overloaded
from argus_trio.frontend.input_required.open_calls import OpenCalls


@attrs.define(eq=False)
class Holder:
    account: object = "ada"
    ticket: str = ""


def test_a_ticket_finds_its_call_until_that_leaves() -> None:
    calls: OpenCalls[Holder] = OpenCalls()
    holder = Holder()
    calls.admit(holder)
    ticket = holder.ticket
    assert calls.find(ticket) is holder
    calls.leave(holder)
    calls.leave(holder)
    assert (len(calls), holder.ticket) == (0, "")
    with pytest.raises(InvalidParams):
        calls.find(ticket)
    calls.admit(holder)
    assert holder.ticket != ticket


def test_it_is_full_when_it_is() -> None:
    calls: OpenCalls[Holder] = OpenCalls(max_parked=2, max_each=2)
    calls.admit(Holder("a"))
    calls.admit(Holder("b"))
    with pytest.raises(Overloaded, match="2 calls wait"):
        calls.admit(Holder("c"))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=40))
def test_the_bounds_hold_whoever_comes_and_goes(steps: list[tuple[str, bool]]) -> None:
    calls: OpenCalls[Holder] = OpenCalls(max_parked=5, max_each=3)
    inside: list[Holder] = []
    for account, comes in steps:
        of_account = [holder for holder in inside if holder.account == account]
        if not comes:
            if of_account:
                calls.leave(of_account[0])
                inside.remove(of_account[0])
            continue
        holder = Holder(account)
        if len(inside) < 5 and len(of_account) < 3:
            calls.admit(holder)
            inside.append(holder)
        else:
            with pytest.raises(Overloaded):
                calls.admit(holder)
        assert len(calls) == len(inside)
        assert all(calls.find(each.ticket) is each for each in inside)
