"""Every page as it is seen at two sizes, compared with kept ones; `--update` keeps them anew."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.tui.drawn import dashboard, drawn, keys

KEPT = Path(__file__).parent / "screens"
SIZES = ((80, 24), (120, 40))
PAGES: dict[str, tuple[str, ...]] = {
    "overview": ("1",),
    "tools": ("2",),
    "tools searched": ("2", "/", "=file"),
    "form": ("2", "enter", "=/etc/hosts"),
    "traffic": ("3",),
    "traffic recent": ("3", "tab"),
    "traffic sessions": ("3", "tab", "tab"),
    "configuration": ("4",),
    "configuration difference": ("4", "tab"),
    "configuration folded": ("4", "-"),
    "configuration reload": ("4", "tab", "tab", "tab"),
    "traffic details": ("3", "enter"),
    "tree": ("5",),
    "events": ("6",),
    "help": ("5", "?"),
    "palette": ("1", ":"),
}


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize(("columns", "rows"), SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_seen_as_it_is_kept(name: str, columns: int, rows: int, request: pytest.FixtureRequest) -> None:
    tab, *pressed = PAGES[name]
    seen = drawn(keys(dashboard(tab, columns=columns, rows=rows), *pressed))
    path = KEPT / f"{name.replace(' ', '_')}_{columns}x{rows}.txt"
    if request.config.getoption("--update"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(seen)
    assert seen == path.read_text(), "run with --update to keep it as it is now"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("columns", "rows"), [(80, 24), (81, 25), (100, 30), (200, 60), (79, 24), (80, 23), (20, 5), (1, 1)]
)
def test_a_page_can_be_drawn_at_any_size(name: str, columns: int, rows: int) -> None:
    tab, *pressed = PAGES[name]
    lines = drawn(keys(dashboard(tab, columns=columns, rows=rows), *pressed)).splitlines()
    assert len(lines) == rows


@pytest.mark.parametrize("name", PAGES)
def test_nothing_that_acts_on_a_terminal_is_drawn(name: str) -> None:
    tab, *pressed = PAGES[name]
    seen = drawn(keys(dashboard(tab), *pressed))
    assert all(each.isprintable() or each == "\n" for each in seen)
