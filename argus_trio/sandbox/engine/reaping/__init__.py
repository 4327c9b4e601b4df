"""What becomes of containers whose gateway was killed: removed within a second, or by the next start. No engine is
looked for here.

- `owner.py` is whose a container is, by its labels, and the judgement whether that gateway still lives.
- `reaper.py` is a program of its own, on the standard library, that outlives a killed gateway and removes what it had.
- `reaper_process.py` is the gateway's side of it.
- `leftovers.py` removes what even that has left, when a gateway begins to use an engine.

A container's own first process ends with the gateway too; here is what has none, was not started yet, or hangs. What is
not known to be nobody's is left alone.
"""
