"""The labels of images: what is read of them, and that they are bounded."""

from __future__ import annotations

from argus_trio.sandbox.image.ready import MAX_VERSIONS_BYTES, VERSIONS_LABEL, changed, labels_of, versions_of


def test_versions_are_read_back_and_labels_of_others_tell_none() -> None:
    labels = labels_of(digest="d", kind="python", base="b", program="/p", versions={"B": "2", "a": "1"})
    assert versions_of(labels) == {"a": "1", "B": "2"}
    assert versions_of({}) == versions_of({VERSIONS_LABEL: "[1]"}) == versions_of({VERSIONS_LABEL: "{"}) == {}


def test_a_list_of_versions_that_is_too_long_is_cut() -> None:
    versions = {f"package-{number:05}": "1.0.0" for number in range(10_000)}
    labels = labels_of(digest="d", kind="python", base="b", program="", versions=versions)
    assert len(labels[VERSIONS_LABEL]) <= MAX_VERSIONS_BYTES
    assert versions_of(labels)["package-00000"] == "1.0.0"


def test_what_changed_is_told_with_both_versions() -> None:
    assert changed({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"}) == (
        "b 1 -> 2",
        "c 1 -> (none)",
        "d (none) -> 1",
    )
