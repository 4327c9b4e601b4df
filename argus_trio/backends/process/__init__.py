"""Process trees of stdio backends: started, watched, and ended whole. What goes over their pipes is not read here.

- `process.py` is the gateway's side: it starts a keeper, orders it to start the backend, and ends both.
- `keeper.py` is a program of its own, on the standard library alone: it holds one backend's tree and ends every
  descendant when the backend ends or the gateway is gone. `docs/processes.md` says what it cannot do.
- `orphans.py` finds and ends what is left should the keeper itself have been killed.
- `usage.py` measures the processor time of a tree.
- `open_files.py` raises the gateway's limit of open files, and knows the one that backends get.
- `environment.py` decides which variables a backend gets.

A process looks to a link like any program with three streams (`backends/links/peer.py`). What starts, signals or
counts processes belongs here; what speaks the protocol does not.
"""
