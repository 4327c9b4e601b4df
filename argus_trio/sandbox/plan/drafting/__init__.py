"""Drafts of containers: what is run in which image, and then all that a plan needs besides. No file is touched.

- `draft.py` is the draft, and how it is finished: mounts, variables, user, limits, and what there is to say of them.
- `sources.py` says where packages come from: bases, indexes, registries, and whom to trust.
- `services.py` finds the services of this machine and its network that a backend names, and could not reach.
- `habits.py` is what some published servers are told, because of what they take for granted.
- `bound.py` is which of them work with this machine itself, and run there.
- `names.py` is what packages are called.
- `image_run.py` drafts what `docker run` is asked for.

The order in which sources count is the file's, then the command line's, then the backend's variables, then those of
the gateway itself.
"""
