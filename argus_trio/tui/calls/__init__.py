"""Calls under way, what they ask meanwhile, their results, and the history of calls. Pure.

Empty so far; what is to come:
    call      one call: what came of it, in order, bounded
    book      all calls of this dashboard, and the queue of what they ask
    asks      elicitation, sampling and roots as what the screen asks
    results   a result by its types
    command   a call as `argus-trio call ...`
"""
