"""The identity: capabilities united, instructions merged in bounds."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from argus_trio.core.catalog.identity import MAX_INSTRUCTIONS_BYTES, BackendIdentity, identity_of, merged_instructions
from argus_trio.wire.envelope import decode_object, encode


def identity_from(
    backend: str, *, prefix: str = "", said: str | None = None, **capabilities: object
) -> BackendIdentity:
    declared = decode_object(json.dumps(capabilities).encode())
    return BackendIdentity(backend=backend, prefix=prefix, capabilities=declared, instructions=said)


def capabilities_of(*identities: BackendIdentity) -> object:
    return json.loads(encode(dict(identity_of("1", identities).capabilities)))


def test_without_backends_nothing_is_added() -> None:
    identity = identity_of("1.2", ())
    assert (identity.version, identity.instructions, dict(identity.capabilities)) == ("1.2", None, {})


def test_extensions_are_united_and_the_first_says_how_they_are_set() -> None:
    a = identity_from("a", extensions={"x/ui": {"mimeTypes": ["one"]}}, tools={}, experimental={"e": {}})
    b = identity_from(
        "b", extensions={"x/ui": {"mimeTypes": ["two"], "more": 1}, "x/tasks": {}}, experimental={"f": {}}
    )
    assert capabilities_of(a, b) == {
        "extensions": {"x/ui": {"mimeTypes": ["one"]}, "x/tasks": {}},
        "experimental": {"e": {}, "f": {}},
    }


def test_what_tasks_can_do_is_united_level_by_level() -> None:
    a = identity_from("a", tasks={"list": {}, "requests": {"tools": {"call": {}}}})
    b = identity_from("b", tasks={"cancel": {}, "requests": {"tools": {"other": {}}, "prompts": {"get": {}}}})
    assert capabilities_of(a, b) == {
        "tasks": {
            "list": {},
            "cancel": {},
            "requests": {"tools": {"call": {}, "other": {}}, "prompts": {"get": {}}},
        }
    }


def test_a_capability_that_is_no_object_is_left_out() -> None:
    assert capabilities_of(identity_from("a", extensions=["x/ui"], tasks=True)) == {}


def test_instructions_stand_under_the_name_of_their_backend() -> None:
    said = [
        identity_from("files", prefix="files__", said=" Read first. "),
        identity_from("mute", said="  "),
        identity_from("search", said="Ask\nagain."),
    ]
    assert merged_instructions(said) == (
        "## files (its names begin with files__)\n\nRead first.\n\n## search\n\nAsk\nagain."
    )


def test_a_long_instruction_is_cut_and_leaves_room_for_the_others() -> None:
    merged = merged_instructions(
        [identity_from("a", said="ä" * MAX_INSTRUCTIONS_BYTES), identity_from("b", said="short")]
    )
    assert merged is not None
    assert "ä\n[cut]\n\n## b\n\nshort" in merged
    assert len(merged.encode()) <= MAX_INSTRUCTIONS_BYTES


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20).map(lambda text: text * 300), max_size=12))
def test_instructions_are_bounded_whatever_they_are(texts: list[str]) -> None:
    merged = merged_instructions([identity_from(f"b{at}", said=text) for at, text in enumerate(texts)])
    assert merged is None or len(merged.encode()) <= MAX_INSTRUCTIONS_BYTES
