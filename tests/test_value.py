"""What all values have in common: how they are compared and shown."""

from __future__ import annotations

import ast
from pathlib import Path

import attrs
import pytest

from argus_trio import Value

PACKAGE = Path(__file__).parents[1] / "argus_trio"
OUTSIDE = {PACKAGE / "errors.py"}
"""What imports nothing of the package."""


@attrs.frozen(kw_only=True)
class Pair(Value):
    one: object
    two: object = 2
    _three: object = 3
    hidden: object = attrs.field(default="secret", repr=False)
    left_out: object = attrs.field(default=None, eq=False)


@attrs.frozen(kw_only=True)
class OtherPair(Value):
    one: object
    two: object = 2


@attrs.frozen
class DerivedPair(Pair):
    four: object


@attrs.frozen
class Empty(Value):
    pass


def test_values_of_one_type_with_the_same_fields_are_equal_and_have_one_hash() -> None:
    assert Pair(one="a") == Pair(one="a")
    assert hash(Pair(one="a")) == hash(Pair(one="a"))
    assert Pair(one="a") != Pair(one="b")
    assert Pair(one="a") != Pair(one="a", hidden="another")
    assert Empty() == Empty()
    assert len({Pair(one="a"), Pair(one="a"), Pair(one="b"), Empty(), Empty()}) == 3


def test_a_field_that_is_not_compared_makes_no_difference() -> None:
    assert Pair(one="a", left_out=1) == Pair(one="a", left_out=2)
    assert hash(Pair(one="a", left_out=1)) == hash(Pair(one="a", left_out=2))


def test_values_of_two_types_differ() -> None:
    assert Pair(one="a") != OtherPair(one="a")
    assert OtherPair(one="a") != Pair(one="a")
    assert DerivedPair(4, one="a") != Pair(one="a")
    assert DerivedPair(4, one="a") != DerivedPair(5, one="a")
    assert Pair(one="a") != ("a", 2, 3)


def test_a_value_that_holds_what_has_no_hash_has_none() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Pair(one=[]))


def test_a_value_shows_its_fields_and_hides_those_that_say_so() -> None:
    assert repr(Pair(one="a")) == "Pair(one='a', two=2, _three=3, left_out=None)"
    assert repr(DerivedPair(4, one=Empty())) == "DerivedPair(one=Empty(), two=2, _three=3, left_out=None, four=4)"


def test_a_value_is_shown_as_attrs_would_show_it() -> None:
    shown = attrs.make_class("Pair", {"one": attrs.field(), "two": attrs.field(default=2)}, frozen=True)
    assert repr(OtherPair(one={"k": (1,)})) == f"Other{shown({'k': (1,)})!r}"


def test_a_field_is_shown_in_its_own_way() -> None:
    @attrs.frozen
    class Masked(Value):
        one: object = attrs.field(repr=lambda _: "***")

    assert repr(Masked("secret")) == "Masked(one=***)"


def test_a_class_that_compares_a_field_by_a_key_is_told_that_it_needs_the_methods_of_attrs() -> None:
    @attrs.frozen
    class Keyed(Value):
        one: object = attrs.field(eq=id)

    with pytest.raises(TypeError, match="eq=True"):
        assert Keyed(1) == Keyed(1)


def test_a_class_that_says_so_has_the_methods_of_attrs() -> None:
    @attrs.frozen(eq=True, unsafe_hash=True)
    class Often(Value):
        one: object = attrs.field(eq=id)

    assert Often.__eq__ is not Value.__eq__
    assert Often.__hash__ is not Value.__hash__
    assert Often([]) != Often([])
    assert repr(Often(1)).endswith("Often(one=1)")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_frozen_and_compared_is_a_value_for_else_its_methods_are_made_at_each_start(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef) and path not in OUTSIDE:
            decorators = [ast.unparse(each) for each in node.decorator_list]
            if any(each.startswith("attrs.frozen") and "eq=False" not in each for each in decorators):
                assert node.bases, f"{node.name} has no base: {node.lineno}"
