"""What a call costs the gateway: `python -m bench`, ours and others in one run, their rounds in turn.

- `backend.py`: the cheap server behind all of them, over pipes and over HTTP
- `wire.py`, `clients.py`, `load.py`: the load, a process of its own; `generator.py`: as who measures holds it
- `subjects.py`: what is measured and how each is started: this tree, a commit, mcp-hub, Caddy, nginx
- `rows.py`: what there is to measure of calls, a line of the table each; `rounds.py`: their rounds
- `others.py`: what is no call: starts, memory, streams, pauses, a hundred backends; `counted.py`: a gateway that notes
  its garbage collections
- `book.py`: the figures, their medians and ratios; `table.py`, `plot.py`, `page.py`: what is shown of them
"""
