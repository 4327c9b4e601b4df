"""The way out of a container: a filter on a Unix socket, which decides, resolves, guards, relays and counts.

- `decision.py` says whether a name and a port may be reached, without I/O.
- `outward.py` makes a connection of what may be: looked up, every address guarded, dialled by that very address.
- `filter.py` serves one container: `CONNECT name:port`, then bytes in both directions.
- `attempts.py` counts what was tried (`core/egress`), and tells of what was refused.

A name is resolved here and never inside; what it resolves to is guarded by `core/access/address_guard.py`. No policy is
made here: that is `plan/network.py`.
"""
