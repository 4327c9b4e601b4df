"""The views of the overview and of one backend.

    overview  the gateway in a line or two, the table of backends, and what there is to say of the one that is meant
    facts     a backend in a few lines: how it stands, what it shows, what it answers
    page      one backend: the line of its parts, and the part that is shown
    log       its log
    network   where it went

A sign and a word say each state, and a colour besides. What others wrote is made harmless here.
"""
