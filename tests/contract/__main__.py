"""Writes docs/openapi.json and the tables of docs/management.md anew from the contract: `python -m tests.contract`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from argus_trio.contract.openapi import openapi_document, operations
from argus_trio.contract.operation import Operation
from argus_trio.contract.problem import PROBLEMS

DOCS = Path(__file__).parents[2] / "docs"


def who(operation: Operation) -> str:
    """Who is answered, as the page has it."""
    if operation.is_public:
        return "anybody"
    return "let in" if operation.right is None else f"`manage:{operation.right}`"


def main() -> None:
    """Write both."""
    document = json.dumps(openapi_document(), indent=1, ensure_ascii=False)
    (DOCS / "openapi.json").write_text(f"{document}\n")
    paths = "".join(f"| `{each.method} {each.path}` | {each.summary} | {who(each)} |\n" for each in operations())
    problems = "".join(f"| `{word}` | {kind.status} | {kind.page} |\n" for word, kind in PROBLEMS.items())
    page = DOCS / "management.md"
    text = page.read_text()
    for head, rows in (("Path | What it is for | Who", paths), ("Problem | Status | What it means", problems)):
        pattern = rf"(\| {re.escape(head)} \|\n\|---\|---\|---\|\n)(?:\|.*\n)*"
        text = re.sub(pattern, lambda found, rows=rows: found[1] + rows, text)  # type: ignore[misc]
    page.write_text(text)


if __name__ == "__main__":
    main()
