"""What of this machine a container sees, decided without I/O: files are looked at by a function of `machine.py`.

- `paths.py` finds the paths that arguments, the working folder and variables name.
- `forbidden.py` says which are not mounted by themselves, and which never are.
- `mounts.py` makes mounts of them, and of what the configuration says, which comes first.

Nothing is mounted by itself that could be changed, or that holds keys, a socket, or what is everybody's. Nobody is to
guess why a file is missing inside: what is mounted is noted, and what is not is refused with what to write.
"""
