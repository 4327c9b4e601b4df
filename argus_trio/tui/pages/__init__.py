"""What each page knows for itself (where its cursor is, what is searched for), and how messages change it. Pure.

    page      what every page is
    overview  the gateway in a line, and its backends
    tools     tools, resources and prompts, searched as one types
    entry     all there is to know of one of them
    calling/  calls: their forms, what comes of them, what they ask, those that were
    traffic   what is under way and was, and sessions; traffic_words has the words
    configuration  the running one, how the file differs, checks and reloads
    reports   what those say, as lines
    record    one thing of a list, in full
    tree      the live nursery tree
    events    what has happened

A page is told every message that is no key while it is open, shown or not, and keys only while it is the one shown. It
reads the world, and changes it by effects alone. `screens/` shows them.
"""
