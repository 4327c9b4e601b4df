"""How often something may happen: buckets that refill, whose they are, and what counts once; pure, `now` is given.

- `gcra` is the arithmetic of one bucket (the generic cell rate algorithm), in whole numbers.
- `buckets` keeps the buckets of one limit, in bounds, and takes from those of several limits all or nothing.
- `callers` says whose bucket a call or a request is charged to, and which one where there are too many.
- `first_uses` tells the first use of a name from the others.

What may come in: arithmetic of limits. Which calls a limit of the file counts belongs to `pipeline`.
"""
