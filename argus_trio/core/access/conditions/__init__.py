"""What the arguments of a call have to be, for a rule to allow it.

- `condition` judges the value that a JSON pointer leads to in raw arguments.
- `paths` says whether one path is below another, whichever way a program may read it.

Where two programs may read two different values, no condition holds.

What may come in: pure judgements on values. What a condition belongs to, and what follows from it, is in `policy`; how
it is written in a file, in `config`.
"""
