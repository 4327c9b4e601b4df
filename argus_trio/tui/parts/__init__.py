"""Small values that pages, forms and views are made of. Pure.

    cursor  a place in a list, moved by keys
    line    a line of text that is edited, with its cursor
    scroll  a place in a long text that is shown wrapped
    area    a text of several lines that is edited
    filter  words that a list is narrowed to
    folding  indented lines of which parts are folded
    look    how everything is shown: palette, Unicode or ASCII

None of them knows a gateway or a terminal; keys have the names that urwid gives them (`page down`, `ctrl a`).
Each method gives a new value, or None for a key that means nothing to it.
"""
