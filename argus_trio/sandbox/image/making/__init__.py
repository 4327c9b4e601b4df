"""How an image is made here: of a base and packages, or of a Dockerfile.

- `recipe.py` is what is installed and how, without I/O; its tag is a digest of all that matters. `indexes.py` knows the
  URLs of package indexes.
- `installation.py` runs one, in a container of the base, and commits it; `installers/` are what runs inside.
- `context.py` is what a builder gets of the folder of a Dockerfile, `dockerfiles.py` has it built.
- `build_log.py` is the log of either: bounded, without secrets, and the line that says why.

What is there already, what is pulled and who waits for it is not known here: that is `image/` around it.
"""
