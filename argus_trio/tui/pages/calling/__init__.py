"""Pages of calls: what is called by a form, what comes of it, and what it asks.

    subject  what a form is for: a tool, a prompt or a template of resources
    invoke   the form
    call     a call under way, or over, and its result
    ask      a question of a call, to be answered
    history  all calls of this dashboard
    repeating  a call once more, asked or refused as its form would

Each is opened on top of another page. A call goes on when its page is left: `calls/book.py` has them all.
"""
