"""The bounds of the lot, and its tickets."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.errors import InvalidParams, Overloaded
from argus_trio.frontend.input_required.open_calls import OpenCalls


@attrs.define(eq=False)
class Holder:
    principal: str = "ada"
    ticket: str = ""


def test_a_ticket_finds_its_call_until_that_leaves() -> None:
    lot: OpenCalls[Holder] = OpenCalls()
    holder = Holder()
    lot.admit(holder)
    ticket = holder.ticket
    assert lot.find(ticket) is holder
    lot.leave(holder)
    lot.leave(holder)
    assert (len(lot), holder.ticket) == (0, "")
    with pytest.raises(InvalidParams):
        lot.find(ticket)
    lot.admit(holder)
    assert holder.ticket != ticket


def test_it_is_full_when_it_is() -> None:
    lot: OpenCalls[Holder] = OpenCalls(max_parked=2, max_each=2)
    lot.admit(Holder("a"))
    lot.admit(Holder("b"))
    with pytest.raises(Overloaded, match="2 calls wait"):
        lot.admit(Holder("c"))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=40))
def test_the_bounds_hold_whoever_comes_and_goes(steps: list[tuple[str, bool]]) -> None:
    lot: OpenCalls[Holder] = OpenCalls(max_parked=5, max_each=3)
    inside: list[Holder] = []
    for principal, comes in steps:
        of_principal = [holder for holder in inside if holder.principal == principal]
        if not comes:
            if of_principal:
                lot.leave(of_principal[0])
                inside.remove(of_principal[0])
            continue
        holder = Holder(principal)
        if len(inside) < 5 and len(of_principal) < 3:
            lot.admit(holder)
            inside.append(holder)
        else:
            with pytest.raises(Overloaded):
                lot.admit(holder)
        assert len(lot) == len(inside)
        assert all(lot.find(each.ticket) is each for each in inside)
