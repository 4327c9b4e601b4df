"""The widgets that views are made of, and urwid's markup for rows. No widget keeps state: a view makes them anew.

    rows    a list of rows, of which only those in sight are drawn
    cells   columns of a row: cut, filled up, by the width of what is shown
    bars    sparklines and bars

Markup is urwid's: a text, an attribute and a text, or a list of both. Attributes are those of `terminal/palettes.py`.
What others wrote passes `manage_client/clean.py` first.
"""
