"""One container at a time, from its folder of pipes to its end. Which image and which limits is decided elsewhere.

- `life.py` is its creation, its removal and its exit code, as its engine has them.
- `folder.py` is the folder on this machine that is mounted into it: pipes, sockets, shim, resolv.conf.
- `program.py` is what a link speaks to: three streams and an end, as of a process (`backends/links/peer.py`).
- `start.py` puts both together with an engine, for the length of a block.
- `attached.py` is the same where an image has no interpreter: the engine carries the streams.

Contexts are entered and left by one task; a container is gone when its block has been left, cancelled or not.
"""
