"""The gateway with a container engine: what is shown of isolation, by effect. All of it needs one, and is `e2e`.

- `conftest.py` has the engine: ARGUS_TEST_ENGINE names it (`.ci/engine` starts one where there is none).
- `engine.py` asks it for what the tests want to know, in a few lines of our own, apart from what is tested.
- `base_image.py` makes the base images of what this machine has: no registry is needed.
"""
