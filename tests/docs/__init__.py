"""README.md, CONTRIBUTING.md and docs/ are true: what they show is loaded, run and looked up.

- `pages.py` has the pages, `blocks.py` reads their fenced blocks and the notes above them: the convention, which
  CONTRIBUTING.md tells.
- `configurations.py` completes a `yaml` block to a whole file and has `check` judge it.
- `shell.py` reads a block of commands; `place.py` is where they are run, with gateways and the files that they name;
  `stand_in.py` is the `argus-trio` there, which ends what does not end by itself.
- `exempt.py` is all that is not tried, and why: its numbers are asserted.
"""
