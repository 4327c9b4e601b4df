"""The reader of pages itself."""

from __future__ import annotations

import pytest

from tests.docs.support.blocks import Block, Unreadable, all_blocks, blocks_of
from tests.docs.support.pages import NAMES

PAGE = """\
# One

<!-- in: backends.files -->
<!-- refused: no such key -->
```yaml
a: 1
```

## Two

    ```not a fence of ours, but text
- an item:

  ```sh
  # no heading
  date
  ```
"""


def read(text: str) -> list[Block]:
    return list(blocks_of("page.md", text))


def test_a_block_has_its_notes_its_heading_its_line_and_no_indentation() -> None:
    first, second = read(PAGE)
    assert (first.where, first.heading, first.language, first.text) == ("page.md:6", "One", "yaml", "a: 1\n")
    assert dict(first.notes) == {"in": "backends.files", "refused": "no such key"}
    assert (second.heading, second.text, dict(second.notes)) == ("Two", "# no heading\ndate\n", {})


def test_a_block_that_is_not_closed_is_told() -> None:
    with pytest.raises(Unreadable, match=r"page\.md:1: the block is not closed"):
        read("```yaml\na: 1\n")


def test_a_note_that_nobody_knows_is_told() -> None:
    with pytest.raises(Unreadable, match="nobody knows the note 'no run'"):
        read("<!-- no run: needs luck -->\n```sh\ndate\n```\n")


def test_a_note_without_a_block_right_below_is_told() -> None:
    with pytest.raises(Unreadable, match="no block stands right below the note 'not run'"):
        read("<!-- not run: needs luck -->\nA sentence.\n```sh\ndate\n```\n")


@pytest.mark.parametrize("language", ["", "yml", "shell"])
def test_a_block_without_a_language_that_is_tried_is_told(language: str) -> None:
    with pytest.raises(Unreadable, match="a block has one of the languages"):
        read(f"```{language}\nx\n```\n")


def test_every_page_can_be_read_and_most_show_something() -> None:
    shown = all_blocks("yaml", "json", "sh", "bash", "console", "python", "ini", "dockerfile", "text")
    assert len(shown) > 50
    assert len({block.page for block in shown}) > len(NAMES) // 2
