"""The first process of a container: programs of their own, that import nothing of ours and are mounted into it.

- `shim.py` is the one for images with Python, on its standard library, with `network.py`, which it imports from its own
  folder; `shim.js` is the one for images with Node.
- `order.py` is the gateway's side of what both speak over their control socket.

A shim opens the pipes of its folder, starts the server with them as its three streams, answers names with loopback
addresses of their own, relays what connects there to the filter, and reaps. It ends when its control
socket does, and the kernel ends the rest of its pid namespace with it.
"""
