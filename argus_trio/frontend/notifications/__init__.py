"""Changes that are announced to open streams, and the queue in which they wait for a slow client.

    announcer    who wants to be told of which change, and the telling
    outbox       what waits to be written to one stream; what repeats itself is merged

The supervisor of the backends announces without waiting; each open stream has a queue (or, in a session, a store) that
takes the announcement and never blocks. Only changes without content come this way: progress and log messages belong
to a call and go by its exchange.
"""
