"""Where the configuration file differs from what runs, place by place, and that no secret is told by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from argus_trio.config.file import ConfigFile
from argus_trio.config.model.config import Config
from argus_trio.core.control import FileDifference, NoFile
from argus_trio.core.redaction import HIDDEN
from argus_trio.runtime.changes.file_difference import MOST_PLACES, FileComparison

BEFORE = """
backends:
  files: {type: stdio, command: "true", args: [--token, abc-secret, -v], env: {KEY: one-secret}}
  web: {type: streamable-http, url: "http://127.0.0.1:1/mcp"}
"""


async def compared(folder: Path, running: str, file: str, environ: dict[str, str] | None = None) -> FileDifference:
    path, variables = folder / "c.yaml", environ or {}
    path.write_text(running)
    config = ConfigFile(path=path, environ=variables).read()
    path.write_text(file)
    return await FileComparison(file=ConfigFile(path=path, environ=variables), config=lambda: config)()


def places(found: FileDifference) -> list[tuple[str, str, object, object]]:
    return [(each.path, each.kind, each.file, each.running) for each in found.entries]


async def test_a_file_that_says_the_same_in_other_words_does_not_differ(tmp_path: Path) -> None:
    found = await compared(tmp_path, BEFORE, "# a remark\n" + BEFORE + "isolation: auto\n")
    assert found == FileDifference()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("-v]", "-q]", ("backends.files.args", "changed", ["--token", HIDDEN, "-q"], ["--token", HIDDEN, "-v"])),
        ("abc-secret", "def", ("backends.files.args", "changed", ["--token", HIDDEN, "-v"], ["--token", HIDDEN, "-v"])),
        ("one-secret", "two", ("backends.files.env.KEY", "changed", HIDDEN, HIDDEN)),
        ("KEY: one-secret", "KEY: one-secret, B: c", ("backends.files.env.B", "added", HIDDEN, None)),
        ("1/mcp", "2/mcp", ("backends.web.url", "changed", "http://127.0.0.1:2/mcp", "http://127.0.0.1:1/mcp")),
    ],
)
async def test_each_place_is_told_with_both_values_masked(
    tmp_path: Path, old: str, new: str, expected: tuple[str, str, object, object]
) -> None:
    found = await compared(tmp_path, BEFORE, BEFORE.replace(old, new))
    assert places(found) == [expected]
    assert "secret" not in repr(found)


async def test_a_backend_that_is_added_or_removed_is_one_place(tmp_path: Path) -> None:
    found = await compared(tmp_path, BEFORE, BEFORE.replace("  web:", "  net:"))
    assert [(path, kind, file is None, running is None) for path, kind, file, running in places(found)] == [
        ("backends.net", "added", False, True),
        ("backends.web", "removed", True, False),
    ]


async def test_another_order_of_backends_is_a_difference(tmp_path: Path) -> None:
    lines = BEFORE.strip().splitlines()
    found = await compared(tmp_path, BEFORE, "\n".join([lines[0], lines[2], lines[1]]))
    assert places(found) == [("backends", "changed", ["web", "files"], ["files", "web"])]


async def test_a_variable_with_another_value_is_a_change_and_neither_value_is_told(tmp_path: Path) -> None:
    path, text = tmp_path / "c.yaml", BEFORE.replace("1/mcp", "1/${TOKEN}")
    path.write_text(text)
    config = ConfigFile(path=path, environ={"TOKEN": "hush-hush-1"}).read()
    found = await FileComparison(file=ConfigFile(path=path, environ={"TOKEN": "hush-hush-2"}), config=lambda: config)()
    assert [(path, kind) for path, kind, _, _ in places(found)] == [("backends.web.url", "changed")]
    assert "hush" not in repr(found)


async def test_a_file_that_cannot_be_loaded_has_problems_and_no_difference(tmp_path: Path) -> None:
    found = await compared(tmp_path, BEFORE, BEFORE + "  bad: {type: nothing}\n")
    assert found.problems
    assert found.entries == ()


async def test_without_a_file_there_is_nothing_to_compare() -> None:
    with pytest.raises(NoFile):
        await FileComparison(file=None, config=Config)()


async def test_more_places_than_are_told_are_counted(tmp_path: Path) -> None:
    variables = ", ".join(f"V{index}: x" for index in range(MOST_PLACES + 3))
    found = await compared(tmp_path, BEFORE, BEFORE.replace("KEY: one-secret", f"KEY: one-secret, {variables}"))
    assert (len(found.entries), found.more) == (MOST_PLACES, 3)


async def test_a_middleware_is_told_by_its_index(tmp_path: Path) -> None:
    running = BEFORE + "middleware: [{type: rate_limit, limits: [{scope: global, calls: 5, per: 60}]}]\n"
    found = await compared(tmp_path, running, running.replace("calls: 5", "calls: 9"))
    assert places(found) == [("middleware[0].limits[0].calls", "changed", 9, 5)]
