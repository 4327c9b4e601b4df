"""What runs inside an installation: programs of their own, which import nothing of ours and are handed over as text.

- `install.py` is for bases with Python: pip, then what was installed, and its program.
- `install.js` is the same for bases with Node: npm.

Both take one argument, a JSON object, tell people what they do on stderr, and write one JSON object to stdout once all
has gone well. They run as root of a container that has no capabilities; credentials reach them as variables alone. What
one of them writes while it works is removed by itself, so that it is in no image.
"""
