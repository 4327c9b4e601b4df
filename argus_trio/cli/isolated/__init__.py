"""`argus-trio isolation`, and the line that `check` says of it: the plans of a file, before anything starts.

- `command.py` is the command; `shown.py` how people and programs are shown what it found.
- `plans.py` plans, by the engine that answers in time: light, for `check` does not wait.
- `images.py` asks the engine which images are there, and what a container would be created with. Nothing is made.

Secrets are redacted, and of variables the names alone are told. What is shown of a running gateway is the management
API's (`frontend/manage/described/isolation.py`), in the same words where it says the same.

What may come in: what is known of a plan before it is used. What a plan is, is decided in `sandbox/plan`.
"""
