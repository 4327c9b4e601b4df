"""The terminal: urwid's loop and screen. What is pressed becomes messages; a model becomes what is seen.

    display   the loop, keys to messages, at most so many drawings a second
    palettes  the attributes, in each palette

It is left as it was found, however the dashboard ends. What is written to it never waits for a reader: a terminal that
reads slowly gets fewer drawings, and stalls nothing.

urwid is known here, and to views and widgets; its loop runs inside the one nursery of the program.
"""
