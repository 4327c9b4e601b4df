"""`argus-trio build` and `argus-trio clean`: the images of a configuration, by the file and the local engine.

- `build.py` has images made ahead of time; `progress.py` shows how far that is.
- `clean.py` removes what nobody needs any more.
- `opened.py` is what both begin with: the configuration, the plans, and the engine.

No gateway need run; one that runs goes on, and what its containers use stays. Neither command starts a backend, and
what was not made by a gateway or by these commands is never touched.
"""
