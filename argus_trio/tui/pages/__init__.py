"""What each page knows for itself (where its cursor is, what is searched for), and how messages change it. Pure.

    page      what every page is
    overview  the gateway in a line, and its backends
    tools     tools, resources and prompts, searched as one types
    call      a call under way, and what it came to
    ask       what a call asks the user
    repeating a call once more, asked or refused as its form would

A page is told every message that is no key while it is open, shown or not, and keys only while it is the one shown. It
reads the world, and changes it by effects alone. `screens/` shows them.
"""
