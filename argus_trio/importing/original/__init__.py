"""A configuration of the original Argus, read into one of ours; nothing of it is lost in silence.

    convert      from its text to the tree of ours, with notes; or why that cannot be
    file         the file itself: the table of its keys, its values, and what nobody read
    naming       names of backends and of their tools: the same as before wherever that can be
    backends     each backend; containers: how it was isolated
    admission    who came in; policies: what they could do; gateway: where it listened, limits, records
    accept       what `check` would not take is left out and told, or refused

What allows less than the original did is told. Nothing that comes out allows more.
"""
