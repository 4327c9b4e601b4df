"""Calls by the management API: the third edge, for those who have no MCP client.

    pages            the four operations
    requested        from a body to what is called, and the call of it
    served           has a call served: answered as a whole, or on an event stream
    exchange         a call, and the way back to who made it: events, questions, cancellation
    events           what is told of a call, as events
    answers          what answers a question, and whether it can be one
    results          from the result of a call to the body of its answer
    refusals         from the error of a call to the problem that tells it

A call speaks as a legacy client of the newest revision does that has no session: whatever it is asked it is asked while
it waits, by whichever backend. Where it has a connection of its own there, that is kept for the next call of the same
principal with the same abilities, as for modern clients.
"""
