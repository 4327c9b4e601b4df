"""What containers tried to reach, as values: counted where the filter is, shown by the management API.

- `reasons` has the words for why something was not let through, or led nowhere, and a sentence for each.
- `attempts` counts by backend, host and port, in a bounded number of rows, over restarts of a container, and says which
  refusal is worth telling.
- `permits` makes of the rows what a user pastes: the `allow:` list of what was let through, and what was refused.

What may come in: counting and its words. What may be reached is decided in `sandbox/egress`.
"""
