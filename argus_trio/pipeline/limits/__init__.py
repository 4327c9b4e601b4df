"""Limits on how often calls may be made: `type: rate_limit`.

- `rate_limit` makes the stage: a link in the chain, or before authentication a judge of requests as they arrive.
- `counted_calls` says which calls a limit of the file counts, and in which words it is spoken of.
- `store` is where buckets are kept: a protocol, and the memory of this process.
- `reports` tells the log what was refused.

The arithmetic is in `core/rates`.
"""
