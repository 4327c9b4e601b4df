"""README.md, CONTRIBUTING.md and docs/ are true: what they show is loaded, run and looked up.

- `support/pages.py` has the pages, `blocks.py` reads their blocks and the notes above them (CONTRIBUTING.md).
- `support/configurations.py` completes a `yaml` block to a whole file and has `check` judge it.
- `support/shell.py` reads a block of commands, `usage.py` the commands that prose names; `place.py` is where they are
  run, with gateways and the files that they name. `stand_in.py` is the `argus-trio` there, which ends what does not end
  by itself, and `each.py` runs many.
- `support/claims.py` finds what is in backticks, and whether there is such a thing.
- `support/exempt.py` is all that is not tried, and why: its numbers are asserted.
"""
