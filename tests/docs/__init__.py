"""README.md, CONTRIBUTING.md and docs/ are true: what they show is loaded, run and looked up.

- `pages.py` has the pages, `blocks.py` reads their fenced blocks and the notes above them: the convention, which
  CONTRIBUTING.md tells.
- `configurations.py` completes a `yaml` block to a whole file and has `check` judge it.
- `exempt.py` is all that is not tried, and why: its numbers are asserted.
"""
