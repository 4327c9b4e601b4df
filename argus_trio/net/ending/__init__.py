"""How long a stop may take, whatever has to be said and done at it: one bound for all farewells of the gateway.

- `last_moment.py` has the block that no cancellation reaches, for so long at most, and the moment at which every such
  block is over.
- `exit_words.py` says how a program ended.

Whoever ends something that is outside, be it a process, a container or a session, does so in a farewell. What is said,
and for how long, is known to who says it. It stands in this part since containers and links, processes and requests
need it alike, and no part above is known to all of them.
"""
