"""What of an import is judged before anybody sees it."""

from __future__ import annotations

from pathlib import Path

from argus_trio.importing.checking import checked
from argus_trio.importing.result import ImportedConfig


def test_a_backend_that_lacks_a_variable_waits_for_it_and_the_others_do_not(tmp_path: Path) -> None:
    entry = {"type": "streamable-http", "url": "http://127.0.0.1:1/mcp"}
    waits = {**entry, "headers": {"Authorization": "Bearer ${KEY}"}}
    tree = {"version": "1", "backends": {"waits": waits, "well": entry}}
    imported = ImportedConfig(tree=tree, needed={"KEY": ""}, origins={"waits": "from a.json:3"})
    result = checked(imported, folder=tmp_path, environ={})
    assert result.tree == {**tree, "backends": {"waits": {**waits, "enabled": False}, "well": entry}}
    (note,) = result.notes
    assert (note.kind, note.where) == ("do", "a.json:3 waits")
    assert note.what == "it is switched off (enabled: false) until KEY has a value"
