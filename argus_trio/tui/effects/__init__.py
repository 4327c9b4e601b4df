"""Effects done: each by one task of one nursery, which tells what came of it as messages.

    doing   requests, streams and calls; one with the name of another that is under way takes its place
    calling  one call, from its begin to its end
    held_events  what came of a call and is told together
    lists   all pages of a long list, put together
    saving  a file written, beside those that are there

A task tells; it never waits for who is told. What is cancelled tells nothing.
At the end of the program, and where another gateway is looked at, all of them are cancelled.
Nothing here decides what comes next: that is `shell/update.py`.
"""
