"""docs/management.md says what each reason means for which something was not let out of a container."""

from __future__ import annotations

from pathlib import Path

from argus_trio.core.egress.reasons import EGRESS_REASONS

PAGE = (Path(__file__).parents[2] / "docs" / "management.md").read_text()


def test_every_reason_not_to_be_let_out_stands_there() -> None:
    table = PAGE.split("| `reason` | what it means |\n|---|---|\n")[1].split("\n\n")[0]
    assert table.splitlines() == [f"| `{word}` | {clause} |" for word, clause in EGRESS_REASONS.items()]
