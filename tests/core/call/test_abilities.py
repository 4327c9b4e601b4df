"""Abilities: declared capabilities as bits, and back."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.call.abilities import NONE, REMEMBERED_BYTES, Abilities, abilities_of, read_declared
from argus_trio.wire.envelope import encode_raw

bits = st.builds(
    Abilities,
    form=st.booleans(),
    url=st.booleans(),
    roots=st.booleans(),
    sampling=st.just(value=True),
    sampling_tools=st.booleans(),
    sampling_context=st.booleans(),
)


def of(capabilities: dict[str, object]) -> Abilities:
    return abilities_of({name: encode_raw(value) for name, value in capabilities.items()})


@given(bits)
def test_what_is_declared_reads_back_as_the_same_abilities(abilities: Abilities) -> None:
    assert of(json.loads(json.dumps(abilities.declared()))) == abilities


@pytest.mark.parametrize(
    ("capabilities", "abilities"),
    [
        ({}, NONE),
        ({"elicitation": {}}, Abilities(form=True)),
        ({"elicitation": {"url": {}}}, Abilities(url=True)),
        ({"elicitation": {"form": {}, "url": {}}}, Abilities(form=True, url=True)),
        ({"roots": {"listChanged": True}}, Abilities(roots=True, roots_changes=True)),
        ({"roots": {"listChanged": "yes"}}, Abilities(roots=True)),
        ({"sampling": {"tools": {}}}, Abilities(sampling=True, sampling_tools=True)),
        ({"elicitation": None, "sampling": 7, "roots": []}, NONE),
        ({"elicitation": {"form": None, "url": {}}}, Abilities(url=True)),
        ({"elicitation": {"form": {}, "url": None}}, Abilities(form=True)),
        ({"elicitation": {"form": None, "url": None}}, Abilities(form=True)),
        (
            {"sampling": {"tools": None, "context": None}, "roots": {"listChanged": None}},
            Abilities(sampling=True, roots=True),
        ),
        ({"extensions": {"x": {}}, "experimental": {}}, NONE),
    ],
)
def test_declared_capabilities_become_bits(capabilities: dict[str, object], abilities: Abilities) -> None:
    assert of(capabilities) == abilities
    assert abilities.has_any is (abilities != NONE)


@pytest.mark.parametrize(
    ("abilities", "method", "params", "permitted"),
    [
        (Abilities(form=True), "elicitation/create", {}, True),
        (Abilities(form=True), "elicitation/create", {"mode": "url"}, False),
        (Abilities(url=True), "elicitation/create", {"mode": "url"}, True),
        (Abilities(url=True), "elicitation/create", {"mode": "form"}, False),
        (Abilities(sampling=True), "sampling/createMessage", {}, True),
        (Abilities(sampling=True), "sampling/createMessage", {"tools": []}, False),
        (Abilities(sampling=True, sampling_tools=True), "sampling/createMessage", {"tools": []}, True),
        (Abilities(roots=True), "roots/list", {}, True),
        (NONE, "roots/list", {}, False),
        (Abilities(form=True, sampling=True, roots=True), "tools/call", {}, False),
    ],
)
def test_only_what_was_declared_is_permitted(
    abilities: Abilities, method: str, params: dict[str, object], permitted: bool
) -> None:
    assert abilities.permits(method, {name: encode_raw(value) for name, value in params.items()}) is permitted


def test_abilities_are_named_and_roots_alone_are_told() -> None:
    roots, changing = Abilities(roots=True), Abilities(roots=True, roots_changes=True)
    form, both = Abilities(form=True), Abilities(form=True, roots=True)
    assert changing.names == ("roots", "roots_changes")
    assert NONE.names == ()
    assert [each.are_roots_alone for each in (NONE, roots, changing, form, both)] == [False, True, True, False, False]


@pytest.mark.parametrize("padding", ["", "x" * REMEMBERED_BYTES])
def test_what_is_declared_is_read_without_nulls_whether_it_is_remembered_or_too_long(padding: str) -> None:
    raw = b'{"roots":{},"sampling":null,"x/y":"%b"}' % padding.encode()
    capabilities, abilities = read_declared(raw)
    assert list(capabilities) == ["roots", "x/y"]
    assert abilities == Abilities(roots=True)
    assert (read_declared(raw)[0] is capabilities) is (not padding)
    assert read_declared(b"null") == ({}, NONE)


@pytest.mark.parametrize("raw", [b"[]", b"0", b"{", b'""'])
def test_a_declaration_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_declared(raw)
