"""Plans, without I/O: a spec, what is known of the engine and of this machine become Contained, Bare or Refused.

- `plan.py` is the decision; `outcome.py` are the values that it leads to.
- `network.py` is what a container may reach.
- `launch.py` is what an engine is asked for: one value for servers and for installations.

What looks at files is given by who calls, as a function. What speaks to an engine belongs to `engine/`, what makes
images to `image/`. A plan is shown before it is used, so it says in sentences what it decided, and why.
"""
