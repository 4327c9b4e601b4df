"""Container engines: which one answers, and what is asked of it. No plan is made here, and no stream of a call passes.

- `facts.py` is what is known of an engine, and `machine.py` looks at this machine for plans.
- `probe.py` looks for one, with our own HTTP over its Unix socket, once for the process.
- `bridge.py` is the one asyncio loop, in one thread, called from trio with real cancellation.
- `control.py` is what an engine can be asked for; it has aiodocker, and is loaded when an engine is used.
- `reaper.py` is a program of its own that removes what a killed gateway leaves, and `leftovers.py` what an earlier one
  left.

Every wait on an engine has a deadline: one may hang, restart or vanish.
"""
