"""Key paths as people read them."""

from __future__ import annotations

from argus_trio.config.read.key_path import dotted


def test_key_paths_are_dotted_and_indexed() -> None:
    assert dotted(("backends", "a", "args", 2)) == "backends.a.args[2]"
    assert dotted(()) == ""


def test_keys_that_would_mislead_are_quoted_and_clipped() -> None:
    assert dotted(("backends", "a.b", "x y", "\n\x1b")) == 'backends."a.b"."x y"."\\n\\u001b"'
    assert dotted(("",)) == '""'
    assert len(dotted(("x" * 1000,))) < 80
