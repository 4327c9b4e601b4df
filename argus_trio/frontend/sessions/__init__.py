"""Legacy clients: what a session knows, what it answers, and how it reaches its client.

    table               the sessions on `/mcp`, by id: opened, used, expired
    session             one of them: its calls in flight and its standalone stream
    hello               what the client says at `initialize`
    dispatch            what each message of a client is answered with, whatever carries it
    noted               what the journal is told of them
    exchange            the live part of one call
    client_requests     what the client was asked and has not answered
    post_reply          the answer to one POST, which may become a stream that is resumed
    streams             the event streams of a session, and which connection carries which
    resumable_stream    one of them
    event_store         what was sent on them, for a while
    unkept              what stands in place of an answer that there is no room for
    subscriptions       how many resources a session may be subscribed to

`dispatch` is the entrance: an edge finds or opens the session, makes a stream for the answer, and lets it respond.
Everything here is of revisions up to 2025-11-25; a modern client has no session.
"""
