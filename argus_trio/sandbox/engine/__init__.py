"""Container engines: which one answers, and what is asked of it. No plan is made here, and no stream of a call passes.

- `facts.py` is what is known of an engine, `machine.py` what plans know of this machine.
- `probe.py` looks for one, with our own HTTP: at `candidates.py`, and asks it for what `introduction.py` reads;
  `look.py` says when it is looked for again.
- `bridge.py` is the one asyncio loop, in one thread, called from trio with real cancellation; `client.py` asks over it.
- `control.py` is what an engine can be asked for, `images.py` the part about images; it has aiodocker, and is loaded
  when an engine is used. `failure.py` says what went wrong.
- `reaping/` removes what killed gateways leave.

Every wait on an engine has a deadline: one may hang, restart or vanish.
"""
