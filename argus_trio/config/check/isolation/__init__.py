"""Whether what the file says of containers makes sense; what becomes of it on this machine is a plan's to say.

- `check_containers` judges each `container`, that of `defaults` too, and what its keys and a backend's are together.
- `written_host` reads `HOST:PORT`, and says what to write where something else stands.
- `check_mounts` looks at the file system: sources, Dockerfiles, bundles of certificates.

No report repeats an address of an index, or a package: they may hold credentials.

What may come in: what can be judged by the file, whatever engine answers. Which command becomes which image, and what
must not be mounted by itself, is decided by `sandbox/plan`.
"""
