"""Command lines of stdio backends, read without I/O: what is to be installed, or run as it is, or cannot be known.

- `asked.py` are the values that reading leads to.
- `options.py` reads options by a table: which take a value, which do not; what is not in the table is unknown.
- `python.py` has `uvx`, `uv tool run` and `pipx run`; `node.py` has `npx` and its like.
- `engine_run.py` has `docker run` and `podman run`.
- `own.py` has what is of the user's own: scripts, shells, projects, other programs.
- `read.py` finds out which of them a command line is.

A guess would install what somebody else has published under a similar name. So what is not understood is not guessed:
it is said, with what to write instead.
"""
