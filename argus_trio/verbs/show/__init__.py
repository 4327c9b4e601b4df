"""What a verb shows: on a terminal for people, in a pipe the same without colours and cuts, as JSON for scripts.

    terminal   this process's streams: which of them is a terminal, how wide, with colours or not
    table      columns
    result     what a call came to: text, structured content, and all the rest by name and size
    progress   a bar on stderr

What comes from the gateway was often written by servers and their users: it passes `manage_client/clean.py` before a
terminal.
"""
