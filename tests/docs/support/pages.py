"""The pages that are tried: every one that a user reads, and how to work on it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[3]
NAMES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
LINKED = (*NAMES, "ARCHITECTURE.md", "CHANGELOG.md")
"""Pages whose links lead somewhere: also those that show nothing to be tried."""


def text_of(name: str) -> str:
    return (ROOT / name).read_text()
