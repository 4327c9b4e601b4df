"""The widgets that views are made of, and urwid's markup for rows. No widget keeps state: a view makes them anew.

    rows      a list of rows, of which only those in sight are drawn; a click tells the number
    cells     columns of a row: cut, filled up, by the width of what is shown
    table     rows under headings; columns that share the room, and are left out where there is too little
    pane      a body under a title line; panes side by side and one below the other
    scrolled  a text of any size, wrapped, of which only what is in sight is looked at (`parts/scroll.py` moves it)
    edited    a line that is edited, with its cursor in sight
    dialog    a box over the screen, and words to choose from
    zone      what can be clicked
    bars      sparklines and bars
    filtered  the line above a list: its parts, how much is shown, what it is narrowed to

Markup is urwid's: a text, an attribute and a text, or a list of both. Attributes are those of `terminal/palettes.py`.
What others wrote passes `manage_client/clean.py` first.
"""
