"""How each client writes its file. All become the words of `client_files.server`; what has no counterpart is told.

    shape        which members of an entry mean what, and why others are left out
    variables    how variables are written, and what each becomes
    context      what is known of a file while it is read
    values       the values in an entry, read as they are meant
    entry        one entry: a server, or why it is none
    dialect      a client's way to write its file; reads a whole file
    claude_code, vscode, gemini, zed, codex    clients with more than a list of entries
    editors      all other clients, and files of none that is known
    all          the table of them

A file of strange shape loses no more than the entry that is strange.
"""
