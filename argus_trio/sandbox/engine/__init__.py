"""Container engines: which one answers, and what is asked of it. No plan is made here, and no stream of a call passes.

- `facts.py` is what is known of an engine, of its images and containers; `failure.py` what went wrong, in sentences.
- `probe.py` looks for one, with our own HTTP over its Unix socket, for the whole process: `candidates.py` is where,
  `introduction.py` what one tells of itself.
- `machine.py` looks at this machine, for plans.
- `bridge.py` is the one asyncio loop, in one thread, called from trio with real cancellation.
- `client.py` makes one request over it: its deadline, its bounded answer, its failure.
- `seccomp.py` is what Podman is told of system calls.
- `control.py` is what an engine can be asked for (`images.py`: about images); it has aiodocker, and is loaded when an
  engine is used.
- `reaping/` removes what killed gateways leave.

Every wait on an engine has a deadline: one may hang, restart or vanish.
"""
