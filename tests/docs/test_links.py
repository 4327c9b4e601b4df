"""Every link of a page leads to a file that is there, and to a heading that it has."""

from __future__ import annotations

import re

import pytest

from tests.docs.support.pages import LINKED, ROOT, text_of

FENCED = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def broken(page: str, text: str) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for target, anchor in LINK.findall(FENCED.sub("", text)):
        path = (ROOT / page).parent / target if target else ROOT / page
        if not path.exists():
            found.append(target)
        elif anchor and anchor not in anchors(path.read_text()):
            found.append(f"{target}#{anchor}")
    return found


def anchors(text: str) -> set[str]:
    """How the headings of a page are linked to."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKED)
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    assert broken(page, text_of(page)) == []


def test_a_link_that_leads_nowhere_is_found_out() -> None:
    text = (
        "[a](docs/gone.md) [b](README.md#gone) [c](README.md#more) [d](#gone) [e](https://example.com/gone#x)\n# `C`\n"
    )
    assert broken("README.md", text) == ["docs/gone.md", "README.md#gone", "#gone"]
    assert anchors("## `type: jwt`, and *more*\n") == {"type-jwt-and-more"}
