"""Calls under way, what they ask meanwhile, their results, and the history of calls. Pure.

    call      one call: what came of it, in order, bounded
    asks      elicitation, sampling and roots as what the screen asks, and the bodies that answer them
    reply     what the user writes to answer sampling and roots
    book      all calls of this dashboard, and the queue of what they ask
    start     calls as pages begin them, with what can be asked meanwhile
    command   a call as the command line that makes it again
    result    a result as it is read once, its parts left as they are
    document  a result by its types
    tree      JSON that is folded and unfolded
    media     what images and sounds are, by their first bytes
    lines     all of it as lines of so many columns

`World.calls` is the book. A page begins a call by the effects `StartCall` (of `start`) and `Open(CallPage(id))`; the
shell notes it in the book on its way.
"""
