"""Isolation of stdio backends: each in a hardened container, where an engine is there; nothing of MCP is known here.

- `plan/` decides, without I/O: a spec and what is known of the engine become Contained, Bare or Refused; what is
  mounted, which image, which limits, which hosts.
- `engine/` speaks to Docker and Podman: it looks for them, and has asyncio and aiodocker in one thread behind a bridge.
- `image/` has the images: pulled, or built of the declared packages, once for equal recipes.
- `container/` runs one: its folder of pipes, its start, its streams and its end, as a program that a link speaks to.
- `shim/` are the programs that are the first process of a container, in Python and in JavaScript.
- `egress/` is the filter that all traffic of a container passes: by name, decided, resolved, counted.

`sandbox.py` joins them: the one value that links, connections and the management API ask. `rooms.py` is what it asks of
them, `in_use.py` one engine with its control, images and containers. `plans.py` has the plan that is known of each
backend, `standing.py` what is told of them, `telling.py` tells of a preparation at a pace.
"""
