"""Plans, without I/O: a spec, what is known of the engine and of this machine become Contained, Bare or Refused.

- `plan.py` is the decision; `outcome.py` are the values that it leads to, `refusal.py` its early ends.
- `commands/` reads command lines; `drafting/` makes containers of them, with the packages that they need.
- `mounting/` is what of this machine a container sees, `environment.py` its variables, `user.py` who it is.
- `network.py` is what a container may reach.
- `machine.py` and `engine_facts.py` are what is known of this machine and of an engine.
- `launch.py` is what an engine is asked for, one value for servers and for installations, and `profile.py` its words.
- `shown.py` is a plan as people see it.

What looks at files is given by who calls, as a function. What speaks to an engine belongs to `engine/`, what makes
images to `image/`. A plan is shown before it is used, so it says in sentences what it decided, and why.
"""
