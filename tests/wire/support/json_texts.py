"""JSON as text, generated in every odd way of writing it."""

from __future__ import annotations

import json

from hypothesis import strategies as st

IDS = [b"0", b"17", b"-1", b"1.5", b"1e3", b"123456789012345678901234567890", b'"a"', b'""', b'"\\u00e9 \xc3\xa9"']

numbers = st.from_regex(r"\A-?(0|[1-9][0-9]{0,60})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?\Z")
strings = st.text(st.characters(exclude_categories=["Cs"])).map(json.dumps) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters='"\\', min_codepoint=0x20)
).map('"{}"'.format)
scalars = numbers | strings | st.sampled_from(["true", "false", "null"])
space = st.sampled_from(["", " ", "\t", "\n", " \r\n "])


def arrays(members: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(members, max_size=4).map(lambda found: "[" + " , ".join(found) + "]")


def objects(members: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(strings, members), max_size=4)
    return pairs.map(lambda found: "{" + ",\n".join(f"{key}: {value}" for key, value in found) + "}")


raw_values = st.recursive(scalars, lambda inner: arrays(inner) | objects(inner), max_leaves=12)
"""Any JSON value as text, in every odd way of writing it: huge integers, floats beyond doubles, duplicate keys."""
