"""Who is connected, and what is under way for whom: what operators look at, and end.

    me           who asks, and what they may do
    exchanges    calls under way and the latest that are over; the cancellation of one
    sessions     the sessions of legacy clients; the end of one

Everybody that is let in may ask, and sees what belongs to the principal of the same name; what is anonymous belongs to
nobody. With `manage:read` all is seen, with `manage:operate` all may be ended. What is another's is as unknown to who
may not look. The values come from the registry of `core/open_exchanges.py` and from the tables of sessions.
"""
