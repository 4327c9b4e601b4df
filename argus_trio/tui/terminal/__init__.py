"""The terminal: what is typed becomes messages; a model becomes what is seen. It is left as it was found, however the
dashboard ends, but for SIGKILL: then `reset` helps.

    display     takes the terminal, reads, draws at most so often, gives it back
    output      what is written, by a task of its own: a terminal that reads slowly gets fewer drawings, stalls nothing
    screen      urwid's screen, which writes what differs
    keys        bytes to keys, pastes and the mouse, in whatever pieces they come
    mouse       clicks by what they meet, double clicks, the wheel
    signals     another size, Ctrl-Z and back, Ctrl-C, what ends the program
    appearance  palette and Unicode or ASCII, by the environment
    encoding    UTF-8 or ASCII, in which all columns stay where they are
    clipboard   texts for the clipboard, by OSC 52
    palettes    the attributes, in each palette

urwid is known here, and to views and widgets; its loop runs inside the one nursery of the program.
"""
