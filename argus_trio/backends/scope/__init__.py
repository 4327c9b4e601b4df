"""One backend under supervision: the aggregate of all that is known and done about it, and what clients do there.

`scope.py` is the aggregate: it puts the parts of `connectivity` and of this folder together, runs them, and answers
what the supervisor and the routing ask of a backend. All its connections run below `Scope.run`.

What clients do there passes `bulkhead.py`, which bounds how many calls are under way:

- `calls.py` performs a call over the connection that it may use;
- `client_subscriptions.py` subscribes, and hands subscriptions over to the scope that replaces this one;
- `retry.py` performs either once more where only a forgotten session stood in the way.

`lease.py` counts the exchanges that may still need the scope, so that it does not end before them.

It uses `connectivity` and all below. The supervisor decides when a scope begins and ends; a scope knows no other scope
but its successor.
"""
