"""What a call costs the gateway: `python -m bench`, ours and others in one run, their rounds in turn.

- `backend.py`: the cheap server behind all of them, over pipes and over HTTP
- `wire.py`, `load.py`: the load, a process of its own; `generator.py`: as who measures holds it
- `subjects.py`: what is measured and how each is started: this tree, a commit, mcp-hub, Caddy, nginx
"""
