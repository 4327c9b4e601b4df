"""docs/operations.md and docs/security.md speak of events, metrics and tests that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml

from argus_trio.core.figures import OUTCOMES
from argus_trio.core.health.health import ShownState
from argus_trio.core.stages import JournalStage
from argus_trio.frontend.manage.watch.metrics import RELOADS

ROOT = Path(__file__).parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
SECURITY = (ROOT / "docs" / "security.md").read_text()
METRICS = (ROOT / "docs" / "management-events.md").read_text().split("\n## Metrics\n")[1]
"""Held to the code by the tests of the metrics."""
STAGES = frozenset(get_args(JournalStage))
WORDS = {
    "stage": STAGES,
    "state": frozenset(get_args(ShownState)),
    "outcome": frozenset(OUTCOMES) | RELOADS.keys(),
}
"""What the labels of the rules may be, by name."""


def watched() -> Iterator[tuple[str, bool]]:
    """The events of the table, and whether it says that the log alone has them."""
    section = OPERATIONS.split("\n## What to watch\n")[1].split("\n## ")[0]
    for cell in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", cell):
            yield name, cell.endswith("(log)")


def logged() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "argus_trio").rglob("*.py"))


def test_what_is_to_be_watched_happens() -> None:
    source = logged()
    events = list(watched())
    assert len(events) > 15
    assert [name for name, is_of_log in events if not is_of_log and name not in STAGES] == []
    assert [name for name, is_of_log in events if is_of_log and f'"{name}"' not in source] == []


def expressions() -> list[str]:
    (text,) = re.findall(r"^```yaml\n(groups:.*?)^```", OPERATIONS, re.MULTILINE | re.DOTALL)
    (group,) = yaml.safe_load(text)["groups"]
    return [rule["expr"] for rule in group["rules"]]


@pytest.mark.parametrize("expression", expressions())
def test_an_alert_asks_for_what_the_gateway_tells(expression: str) -> None:
    names = set(re.findall(r"\b(?:argus|process)_\w+", expression))
    told = {name.removesuffix("_bucket") for name in names}
    assert [name for name in told if f"| `{name}` |" not in METRICS] == []
    for label, word in re.findall(r'(\w+)="(\w+)"', expression):
        assert label == "job" or word in WORDS[label], expression


def test_every_claim_of_protection_says_where_it_is_shown() -> None:
    found = 0
    for table in re.findall(r"^\|.*\| Shown by \|\n\|[-|]+\n((?:\|.*\n)+)", SECURITY, re.MULTILINE):
        for row in table.splitlines():
            shown = row.rstrip("|").rpartition("|")[2]
            assert re.search(r"\]\((?:\.\./tests/\S+\.py|[\w-]+\.md\S*)\)", row if not shown.strip() else shown), row
            found += 1
    assert found > 40


def test_every_threat_is_told_with_what_is_not_protected() -> None:
    tables = re.findall(r"^## (.*?)\n(.*?)(?=^## )", SECURITY, re.MULTILINE | re.DOTALL)
    threats = [title for title, text in tables if "| Shown by |" in text and "**Not protected:**" not in text]
    assert threats == ["The management API"]
